import { createExtractionPool, type ExtractionPoolOptions } from '../html/node-extraction-pool.js'
import type { PageExtraction } from './page-extraction.js'

/**
 * Extraction in worker threads, with limits of time and memory. Whether a page is in time depends on the machine: where outputs must be the
 * same byte for byte, the time must be far from what any page takes.
 */
export function pooledExtraction(options: ExtractionPoolOptions = {}): PageExtraction {
  const { extractor = 'readability', maxBytes = null, timeoutMs = 1000, memoryMb = 512, threads = 1 } = options
  return {
    settings: { extractor, maxBytes, timeoutMs, memoryMb },
    ahead: 2 * threads,
    open: () => createExtractionPool(options),
  }
}
