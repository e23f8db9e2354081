import type { Extraction, ExtractorName } from './extract-document.js'

/** What a worker is started with. */
export interface ExtractionWorkerData {
  readonly entry: string
  readonly extractor: ExtractorName
  readonly maxBytes: number
  /** Shared; the number of the last page that the worker has done with, written before the answer is posted. */
  readonly answered: Int32Array
}

export interface ExtractionTask {
  /** 1, 2, ...: 0 is the worker's word that it is ready. */
  readonly page: number
  readonly html: string
  readonly url: string
}

export interface ExtractionAnswer {
  readonly page: number
  readonly extraction: Extraction
}
