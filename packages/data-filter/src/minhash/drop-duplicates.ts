import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { Storage, StoredFile } from '../storage.js'
import { littleEndianWords } from './band-file.js'
import { readChecked } from './checked-file.js'
import { checksumOf } from './checksum.js'
import type { Minhasher } from './minhasher.js'
import { readRemovalManifest, removalManifestName } from './removal-manifest.js'
import { readSignatureManifest, signatureManifestName } from './signature-manifest.js'

/** Why a document goes: which one stays for its cluster, and one document that shares a bucket with it. */
export interface DuplicateReason {
  readonly kept: DocumentPlace
  readonly pair: DocumentPlace
  readonly bucket: number
}

export interface DocumentPlace {
  readonly rank: number
  readonly document: number
}

export interface DropOptions {
  /** The same documents, in the same order, as stage 1 had for this rank. */
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly rank: number
  readonly inputs: readonly StoredFile[]
  readonly signatures: Storage
  readonly removals: Storage
  /** Of its functions only contentId is used. */
  readonly minhasher: Pick<Minhasher, 'contentId'>
  /** Gets each document that goes; the reason is null where stage 3 ran without provenance. */
  readonly onDrop?: (document: Document, reason: DuplicateReason | null) => void
}

/**
 * Stage 4: the shard's documents without those that stage 3 named. Places alone would drop the wrong documents if the data changed
 * since stage 1, so every document's content id is compared before anything is said about it. Throws ManifestError, before the
 * first document where files or sizes differ, else at the document that does.
 */
export async function* dropDuplicates(options: DropOptions): AsyncGenerator<Document> {
  const { rank, inputs, signatures, removals, minhasher, onDrop } = options
  const shard = await readSignatureManifest(signatures, rank)
  const manifest = await readRemovalManifest(removals, rank)
  const where = `${removals.location}/${removalManifestName(rank)}`
  const fingerprint = await checksumOf(JSON.stringify(shard))
  if (manifest.shard !== fingerprint) {
    const got = `removals of ${manifest.shard}`
    throw new ManifestError(where, `removals of the signatures ${fingerprint}`, got, 'Run stages 2 and 3 again.')
  }
  const signed = `${signatures.location}/${signatureManifestName(rank)}`
  const hint = 'Give stage 4 the files that stage 1 had for this rank, or run stages 1 to 3 again.'
  for (let i = 0; i < Math.max(inputs.length, shard.inputs.length); i++) {
    const [had, has] = [shard.inputs[i], inputs[i]]
    if (had?.name === has?.name && had?.bytes === has?.bytes) continue
    throw new ManifestError(has?.name ?? signed, `${named(had)}, as ${signed} has it`, named(has), hint)
  }
  const contents = littleEndianWords(await readChecked(signatures, shard.contents))
  const going = littleEndianWords(await readChecked(removals, manifest.file))
  const reasons =
    manifest.provenance && onDrop ? littleEndianWords(await readChecked(removals, manifest.provenance)) : null

  let index = 0
  let next = 0
  for await (const document of options.documents) {
    if (index === shard.documents) {
      throw new ManifestError(signed, `${shard.documents} documents`, `another one, ${document.id}`, hint)
    }
    const [low, high] = minhasher.contentId(document.text) as unknown as [number, number]
    if (low !== contents[3 * index] || high !== contents[3 * index + 1]) {
      const source = document.metadata['file_path']
      const place = typeof source === 'string' ? `${source}: ${document.id}` : document.id
      throw new ManifestError(place, `document ${index} of ${signed}`, 'another text', hint)
    }
    if (going[next] === index) {
      onDrop?.(document, reasons && reasonAt(reasons, next))
      next++
    } else yield document
    index++
  }
  if (index < shard.documents) {
    throw new ManifestError(signed, `${shard.documents} documents`, `${index}`, hint)
  }
}

const named = (file: StoredFile | undefined) => (file ? `${file.name} of ${file.bytes} bytes` : 'no further file')

function reasonAt(words: Uint32Array, row: number): DuplicateReason {
  const [, keptRank, kept, pairRank, pair, bucket] = words.subarray(6 * row, 6 * row + 6) as unknown as number[]
  return {
    kept: { rank: keptRank as number, document: kept as number },
    pair: { rank: pairRank as number, document: pair as number },
    bucket: bucket as number,
  }
}
