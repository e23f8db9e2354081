import type { Document } from '../document.js'
import { applyFilters } from '../filters/apply-filters.js'
import { dropDuplicates } from '../minhash/drop-duplicates.js'
import type { DuplicateReason } from '../minhash/duplicate-reason.js'
import { documentLines } from './document-lines.js'
import { removalsOf, signaturesOf } from './duplicate-stages.js'
import { segmentWriter } from './segment-writer.js'
import { joinSegments, type Position, runSegments, type SegmentResult } from './segments.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { readUnitManifest, unitName } from './unit-manifest.js'

interface Duplicate {
  readonly document: Document
  readonly reason: DuplicateReason | null
}

/** Takes the duplicates out of a shard, and what is left through the last filters. */
export async function runFinishStage(context: StageContext): Promise<UnitResult> {
  const { pipeline, storage, unit, signal } = context
  const { duplicates, lastFilters = [], keepDropped = false, attributes = false } = pipeline.options
  const { segmentRecords = 1000 } = pipeline.options
  const kept = (await readUnitManifest(storage, pipeline, 'filter', unit)).files['kept']!
  const decide = applyFilters(lastFilters, { all: attributes })
  const newWriter = () => segmentWriter({ keepDropped, attributes, segmentRecords, skips: false })
  const minhasher = duplicates ? await duplicates.open() : null

  /** All documents in their order, those that go with the reason. */
  async function* documents(): AsyncGenerator<Document | Duplicate> {
    if (!minhasher) return yield* documentLines(storage, kept)
    const going: Duplicate[] = []
    const staying = dropDuplicates({
      documents: documentLines(storage, kept),
      rank: unit,
      inputs: [kept],
      signatures: signaturesOf(context),
      removals: removalsOf(context),
      minhasher,
      onDrop: (document, reason) => going.push({ document, reason }),
    })
    for await (const document of staying) {
      yield* going.splice(0)
      yield document
    }
    yield* going
  }

  async function* segments(from: Position): AsyncGenerator<SegmentResult> {
    let writer = newWriter()
    let record = 0
    for await (const one of documents()) {
      record++
      if (record <= from.record) continue
      signal?.throwIfAborted()
      const document = 'reason' in one ? one.document : one
      if ('reason' in one) writer.drop(document, 'duplicates', duplicates?.reason ?? 'duplicate', detailsOf(one.reason))
      else writer.decide(document, decide(document))
      context.onRecord(document.text.length)
      if (!writer.full()) continue
      yield await writer.finish({ file: 0, record })
      writer = newWriter()
    }
    if (writer.records > 0 || record === 0) yield await writer.finish({ file: 0, record })
  }
  const done = await runSegments({ storage, stage: 'finish', unit, pipeline: pipeline.fingerprint, segments })
  const folderOf = (channel: string) => (channel === 'kept' ? 'documents' : `finish/${channel}`)
  const files = await joinSegments(storage, done, (channel) => `${folderOf(channel)}/${unitName(unit)}.jsonl.gz`)
  return { files, counts: done.counts }
}

/** Shards and places in them, for the one that stays and for one that it was found by. */
function detailsOf(reason: DuplicateReason | null): Document['metadata'] {
  if (!reason) return {}
  const place = (at: DuplicateReason['kept']) => (at ? `${unitName(at.rank)}/${at.document}` : null)
  return {
    duplicate_of: place(reason.kept),
    duplicate_pair: place(reason.pair),
    duplicate_bucket: reason.bucket,
    ...(reason.similarity === null ? {} : { duplicate_similarity: reason.similarity }),
  }
}
