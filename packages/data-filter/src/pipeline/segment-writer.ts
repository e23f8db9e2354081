import type { Document } from '../document.js'
import type { Verdict } from '../filters/apply-filters.js'
import { gzip } from './gzip.js'
import type { Position, SegmentResult } from './segments.js'
import { counter } from './stage-counts.js'

/** Where a stretch of records is counted and written down. */
export interface SegmentWriter {
  skip(skipped: { readonly skipped: string; readonly where: string; readonly detail: string }): void
  /** What something other than a filter dropped. `details` go into its metadata. */
  drop(document: Document, by: string, reason: string, details?: Document['metadata']): void
  /** `read` is the size of what the document came from, in UTF-16 units, where that is more than its text. */
  decide(document: Document, verdict: Verdict, read?: number): void
  /** Whether it is large enough to be saved. */
  full(): boolean
  readonly records: number
  finish(position: Position): Promise<SegmentResult>
}

export interface SegmentWriterOptions {
  readonly keepDropped: boolean
  readonly attributes: boolean
  readonly segmentRecords: number
  /** Whether records may be skipped, so that there is a file of them. */
  readonly skips: boolean
}

/** UTF-16 units of text after which a segment ends before it has all its records. */
const SEGMENT_CHARACTERS = 8 * 2 ** 20

export function segmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { keepDropped, attributes, segmentRecords, skips } = options
  const counted = counter(attributes)
  const lines: Record<string, string[]> = {
    kept: [],
    ...(keepDropped ? { dropped: [] } : {}),
    ...(keepDropped && skips ? { skipped: [] } : {}),
    ...(attributes ? { attributes: [] } : {}),
  }
  let [records, characters] = [0, 0]
  const write = (channel: string, value: unknown) => lines[channel]?.push(`${JSON.stringify(value)}\n`)
  const count = (read: number) => {
    records++
    characters += read
  }
  return {
    skip(record) {
      count(0)
      counted.skip(record.skipped)
      write('skipped', record)
    },
    drop(document, by, reason, details = {}) {
      count(document.text.length)
      counted.drop(document, `${by}/${reason}`)
      const { id, text, metadata } = document
      write('dropped', { text, id, metadata: { ...metadata, ...details, filter: by, filter_reason: reason } })
      write('attributes', { id, dropped: { filter: by, reason }, reasons: [`${by}/${reason}`], statistics: {} })
    },
    decide(document, verdict, read = document.text.length) {
      count(read)
      counted.decide(document, verdict)
      const { dropped, reasons, statistics } = verdict
      const { id, text, metadata } = verdict.document
      if (!dropped) write('kept', { text, id, metadata })
      else if (keepDropped) {
        // As it came: what filters did to the text of a document that was dropped helps nobody.
        const kept = { ...metadata, filter: dropped.filter, filter_reason: dropped.reason }
        write('dropped', { text: document.text, id, metadata: kept })
      }
      write('attributes', { id, dropped, reasons, statistics })
    },
    full: () => records >= segmentRecords || characters >= SEGMENT_CHARACTERS,
    get records() {
      return records
    },
    async finish(position) {
      const files: Record<string, Uint8Array> = {}
      for (const [channel, texts] of Object.entries(lines)) {
        files[channel] = await gzip(new TextEncoder().encode(texts.join('')))
      }
      return { files, counts: counted.counts(), position }
    },
  }
}
