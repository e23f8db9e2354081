import type { Document } from '../document.js'
import { joinBytes } from '../join-bytes.js'
import { chooseRemovals } from '../minhash/choose-removals.js'
import { collectSignatures } from '../minhash/collect-signatures.js'
import { findPairs } from '../minhash/find-pairs.js'
import { signatureRows } from '../minhash/signature-rows.js'
import { measurePairs, shinglePaired } from '../minhash/verify-pairs.js'
import { storageFolder } from '../storage-folder.js'
import { documentLines } from './document-lines.js'
import type { DuplicateOptions } from './duplicate-options.js'
import { type Position, runSegments, type SegmentResult } from './segments.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { NO_COUNTS } from './stage-counts.js'
import { readUnitManifest } from './unit-manifest.js'

const NOTHING: UnitResult = { files: {}, counts: null }

type Place = Pick<StageContext, 'storage'>
/** Where the stages of deduplication keep their files: datatrove's names, in folders of their own. */
export const signaturesOf = ({ storage }: Place) => storageFolder(storage, 'signatures')
export const removalsOf = ({ storage }: Place) => storageFolder(storage, 'removals')
const pairsOf = ({ storage }: Place) => storageFolder(storage, 'pairs')
const verifiedOf = ({ storage }: Place) => storageFolder(storage, 'verified')

const optionsOf = ({ pipeline }: StageContext) => pipeline.options.duplicates as DuplicateOptions

/** What the filters kept of a shard. */
async function keptOf({ storage, pipeline, unit }: StageContext) {
  return (await readUnitManifest(storage, pipeline, 'filter', unit)).files['kept']!
}

/** Signatures of what the filters kept of a shard. */
export async function runSignStage(context: StageContext): Promise<UnitResult> {
  const { pipeline, storage, unit, signal } = context
  const { segmentRecords = 1000 } = pipeline.options
  const { config, open } = optionsOf(context)
  const kept = await keptOf(context)
  const rowOf = signatureRows(await open())

  async function* segments(from: Position): AsyncGenerator<SegmentResult> {
    let rows: Uint8Array[] = []
    let record = 0
    const finished = (): SegmentResult => {
      const files = { rows: joinBytes(rows) }
      rows = []
      return { files, counts: NO_COUNTS, position: { file: 0, record } }
    }
    for await (const document of documentLines(storage, kept)) {
      record++
      if (record <= from.record) continue
      signal?.throwIfAborted()
      rows.push(rowOf(document))
      context.onRecord(document.text.length)
      if (rows.length >= segmentRecords) yield finished()
    }
    if (rows.length > 0 || record === 0) yield finished()
  }
  const done = await runSegments({ storage, stage: 'sign', unit, pipeline: pipeline.fingerprint, segments })
  await collectSignatures({
    config,
    rows: done.parts('rows'),
    rank: unit,
    worldSize: pipeline.shards.length,
    inputs: [kept],
    signatures: signaturesOf(context),
  })
  return NOTHING
}

/** Pairs of a bucket, or of a part of it. */
export async function runPairStage(context: StageContext): Promise<UnitResult> {
  const { parts = 1 } = optionsOf(context)
  const [bucket, part] = [Math.floor(context.unit / parts), context.unit % parts]
  await findPairs({ signatures: signaturesOf(context), pairs: pairsOf(context), bucket, part, parts })
  return NOTHING
}

/** Shingles of a shard's documents that are in pairs. */
export async function runShingleStage(context: StageContext): Promise<UnitResult> {
  const { storage, unit, signal } = context
  const kept = await keptOf(context)
  async function* documents(): AsyncGenerator<Document> {
    for await (const document of documentLines(storage, kept)) {
      signal?.throwIfAborted()
      context.onRecord(document.text.length)
      yield document
    }
  }
  await shinglePaired({
    signatures: signaturesOf(context),
    pairs: pairsOf(context),
    verified: verifiedOf(context),
    minhasher: await (optionsOf(context).verify as NonNullable<DuplicateOptions['verify']>).open(),
    rank: unit,
    documents: documents(),
    inputs: [kept],
  })
  return NOTHING
}

/** How similar the pairs are. */
export async function runMeasureStage(context: StageContext): Promise<UnitResult> {
  const { threshold } = optionsOf(context).verify as NonNullable<DuplicateOptions['verify']>
  const places = { signatures: signaturesOf(context), pairs: pairsOf(context), verified: verifiedOf(context) }
  await measurePairs({ ...places, threshold })
  return NOTHING
}

/** What goes of all shards. */
export async function runChooseStage(context: StageContext): Promise<UnitResult> {
  const { keep = 'first', verify } = optionsOf(context)
  await chooseRemovals({
    signatures: signaturesOf(context),
    pairs: verify ? verifiedOf(context) : pairsOf(context),
    removals: removalsOf(context),
    keep,
    provenance: true,
  })
  return NOTHING
}
