import type { Document } from '../document.js'
import { chooseRemovals } from '../minhash/choose-removals.js'
import { findPairs } from '../minhash/find-pairs.js'
import { openMinhasher } from '../minhash/minhasher.js'
import { signDocuments } from '../minhash/sign-documents.js'
import { storageFolder } from '../storage-folder.js'
import { documentLines } from './document-lines.js'
import type { DuplicateOptions } from './pipeline.js'
import type { StageContext, UnitResult } from './stage-context.js'
import { readUnitManifest } from './unit-manifest.js'

const NOTHING: UnitResult = { files: {}, counts: null }

/** Where the stages of deduplication keep their files: datatrove's names, in folders of their own. */
export const signaturesOf = ({ storage }: Pick<StageContext, 'storage'>) => storageFolder(storage, 'signatures')
const pairsOf = ({ storage }: StageContext) => storageFolder(storage, 'pairs')
export const removalsOf = ({ storage }: Pick<StageContext, 'storage'>) => storageFolder(storage, 'removals')

/** Signatures of what the filters kept of a shard. */
export async function runSignStage(context: StageContext): Promise<UnitResult> {
  const { pipeline, storage, unit, signal } = context
  const { config, tokenize } = pipeline.options.duplicates as DuplicateOptions
  const kept = (await readUnitManifest(storage, pipeline, 'filter', unit)).files['kept']!
  async function* documents(): AsyncGenerator<Document> {
    for await (const document of documentLines(storage, kept)) {
      signal?.throwIfAborted()
      context.onRecord(document.text.length)
      yield document
    }
  }
  await signDocuments({
    minhasher: await openMinhasher(config, tokenize),
    documents: documents(),
    rank: unit,
    worldSize: pipeline.shards.length,
    inputs: [kept],
    signatures: signaturesOf(context),
  })
  return NOTHING
}

/** Pairs of a bucket, or of a part of it. */
export async function runPairStage(context: StageContext): Promise<UnitResult> {
  const { parts = 1 } = context.pipeline.options.duplicates as DuplicateOptions
  const [bucket, part] = [Math.floor(context.unit / parts), context.unit % parts]
  await findPairs({ signatures: signaturesOf(context), pairs: pairsOf(context), bucket, part, parts })
  return NOTHING
}

/** What goes of all shards. */
export async function runChooseStage(context: StageContext): Promise<UnitResult> {
  const { keep = 'first' } = context.pipeline.options.duplicates as DuplicateOptions
  await chooseRemovals({
    signatures: signaturesOf(context),
    pairs: pairsOf(context),
    removals: removalsOf(context),
    keep,
    provenance: true,
  })
  return NOTHING
}
