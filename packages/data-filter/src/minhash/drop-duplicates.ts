import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { readChecked } from '../manifest/checked-file.js'
import { checksumOf } from '../manifest/checksum.js'
import { littleEndianWords } from '../manifest/little-endian.js'
import type { Storage, StoredFile } from '../storage.js'
import { checkedDocuments } from './checked-documents.js'
import { type DuplicateReason, reasonAt } from './duplicate-reason.js'
import { readRemovalManifest, removalManifestName } from './removal-manifest.js'
import { readSignatureManifest, signatureManifestName } from './signature-manifest.js'
import type { Signer } from './signer.js'

export interface DropOptions {
  /** The same documents, in the same order, as stage 1 had for this rank. */
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly rank: number
  readonly inputs: readonly StoredFile[]
  readonly signatures: Storage
  readonly removals: Storage
  /** Of its functions only contentId is used. */
  readonly minhasher: Pick<Signer, 'contentId'>
  /** Gets each document that goes; the reason is null where stage 3 ran without provenance. */
  readonly onDrop?: (document: Document, reason: DuplicateReason | null) => void
}

/**
 * Stage 4: the shard's documents without those that stage 3 named. Every document's content id is compared before anything is said
 * about it. Throws ManifestError, before the first document where files or sizes differ, else at the document that does.
 */
export async function* dropDuplicates(options: DropOptions): AsyncGenerator<Document> {
  const { documents, rank, inputs, signatures, removals, minhasher, onDrop } = options
  const shard = await readSignatureManifest(signatures, rank)
  const manifest = await readRemovalManifest(removals, rank)
  const where = `${removals.location}/${removalManifestName(rank)}`
  const fingerprint = await checksumOf(JSON.stringify(shard))
  if (manifest.shard !== fingerprint) {
    const got = `removals of ${manifest.shard}`
    throw new ManifestError(where, `removals of the signatures ${fingerprint}`, got, 'Run stages 2 and 3 again.')
  }
  const going = littleEndianWords(await readChecked(removals, manifest.file))
  const reasons =
    manifest.provenance && onDrop ? littleEndianWords(await readChecked(removals, manifest.provenance)) : null
  const same = checkedDocuments({
    documents,
    inputs,
    shard,
    storage: signatures,
    manifestName: signatureManifestName(rank),
    contentId: (text) => minhasher.contentId(text),
  })
  let index = 0
  let next = 0
  for await (const document of same) {
    if (going[next] === index) {
      onDrop?.(document, reasons && reasonAt(reasons, next))
      next++
    } else yield document
    index++
  }
}
