import type { Document } from '../document.js'
import { applyFilters } from '../filters/apply-filters.js'
import type { ReadRecord } from '../read-record.js'
import { countedReads } from './counted-reads.js'
import { inOrder } from './in-order.js'
import type { OpenExtraction } from './page-extraction.js'
import type { Pipeline } from './pipeline.js'
import { segmentWriter } from './segment-writer.js'
import { joinSegments, type Position, runSegments, type SegmentResult } from './segments.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { unitName } from './unit-manifest.js'

type Placed<T> = { readonly record: T; readonly position: Position }
type Extracted = ReadRecord | { readonly document: Document; readonly dropped: string }

/** Reads a shard's files, makes texts of pages, and takes them through the first filters. */
export async function runFilterStage(context: StageContext): Promise<UnitResult> {
  const { pipeline, storage, unit, signal } = context
  const { options } = pipeline
  const { extraction, filters, keepDropped = false, attributes = false, segmentRecords = 1000 } = options
  const files = pipeline.shards[unit] as Pipeline['shards'][number]
  const inputs = countedReads(options.inputs, context.onBytes)
  const decide = applyFilters(filters, { all: attributes })
  const newWriter = () => segmentWriter({ keepDropped, attributes, segmentRecords, skips: true })

  async function* records(from: Position): AsyncGenerator<Placed<ReadRecord>> {
    for (let file = from.file; file < files.length; file++) {
      const { name } = files[file] as (typeof files)[number]
      let record = file === from.file ? from.record : 0
      const { maxRecordBytes } = options
      const limits = maxRecordBytes === undefined ? {} : { maxRecordBytes }
      for await (const one of options.reader(name).read(inputs, name, { skip: record, ...limits })) {
        signal?.throwIfAborted()
        record++
        yield { record: one, position: { file, record } }
      }
    }
  }

  const open = extraction ? await extraction.open() : null
  async function* segments(from: Position): AsyncGenerator<SegmentResult> {
    let writer = newWriter()
    let position = from
    const extracted = inOrder(records(from), extraction?.ahead ?? 1, async ({ record, position }) => ({
      record: await textOf(record, open),
      // A page is work by its markup too: what is saved at a time must not depend on how little text is in it.
      read: 'document' in record ? record.document.text.length : 0,
      position,
    }))
    for await (const one of extracted) {
      const { record } = one
      position = one.position
      if ('skipped' in record) writer.skip(record)
      else if ('dropped' in record) writer.drop(record.document, 'extraction', record.dropped)
      else writer.decide(record.document, decide(record.document), one.read)
      context.onRecord(one.read)
      if (!writer.full()) continue
      yield await writer.finish(position)
      writer = newWriter()
    }
    const nothing = from.file === 0 && from.record === 0 && position === from
    if (writer.records > 0 || nothing) yield await writer.finish(position)
  }
  try {
    const done = await runSegments({ storage, stage: 'filter', unit, pipeline: pipeline.fingerprint, segments })
    const files = await joinSegments(storage, done, (channel) => `filter/${channel}/${unitName(unit)}.jsonl.gz`)
    return { files, counts: done.counts }
  } finally {
    await open?.close()
  }
}

/** A page's text; everything else as it is. */
async function textOf(record: ReadRecord, extraction: OpenExtraction | null): Promise<Extracted> {
  if (!extraction || 'skipped' in record || record.document.metadata['content_type'] !== 'text/html') return record
  const { id, text: html, metadata } = record.document
  const { content_type: _, ...rest } = metadata
  const url = metadata['url']
  const found = await extraction.extract({ html, ...(typeof url === 'string' ? { url } : {}) })
  if (found.outcome !== 'text') return { document: record.document, dropped: found.outcome }
  const { text, title } = found
  return { document: { id, text, metadata: title === undefined ? rest : { ...rest, title } } }
}
