import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { Storage, StoredFile } from '../storage.js'
import { bandCollector, bandFileName, littleEndianBytes } from './band-file.js'
import { writeChecked } from './checked-file.js'
import { writeManifest } from './manifest-file.js'
import type { Minhasher } from './minhasher.js'
import { contentsName, type SignatureManifest, signatureManifest, signatureManifestName } from './signature-manifest.js'

export interface SignOptions {
  readonly minhasher: Minhasher
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  /** Which shard this is, of how many. */
  readonly rank: number
  readonly worldSize: number
  /** Where the documents came from; stage 4 refuses others. */
  readonly inputs: readonly StoredFile[]
  /** Gets datatrove's files, `bucket_000/00000.minhash.sig` and so on, and beside them what the later stages check. */
  readonly signatures: Storage
}

/**
 * Stage 1: the signatures of one shard's documents, sorted, a file a bucket. Holds 68 bytes a document and bucket in memory (for
 * 8 hashes), so a shard of a million documents takes about 1 to 2 GB. Throws OptionError.
 */
export async function signDocuments(options: SignOptions): Promise<SignatureManifest> {
  const { minhasher, rank, worldSize, inputs, signatures: storage } = options
  const { config } = minhasher
  if (!(Number.isInteger(rank) && Number.isInteger(worldSize) && rank >= 0 && rank < worldSize)) {
    throw new OptionError('signDocuments', 'a rank from 0 to below worldSize', `rank ${rank} of ${worldSize}`)
  }
  const bands = bandCollector(config)
  let contents = new Uint32Array(3 * 1024)
  let documents = 0
  let signatures = 0
  for await (const { text } of options.documents) {
    const signature = minhasher.signature(text)
    if (signature) {
      bands.add(documents, signature)
      signatures++
    }
    if (3 * documents === contents.length) {
      const larger = new Uint32Array(2 * contents.length)
      larger.set(contents)
      contents = larger
    }
    contents.set(minhasher.contentId(text), 3 * documents)
    contents[3 * documents + 2] = text.length
    documents++
  }
  const files = []
  for (let bucket = 0; bucket < config.buckets; bucket++) {
    files.push(await writeChecked(storage, bandFileName(bucket, rank), bands.file(bucket)))
  }
  const bytes = littleEndianBytes(contents.subarray(0, 3 * documents))
  const manifest = signatureManifest({
    config,
    rank,
    worldSize,
    inputs: inputs.map(({ name, bytes }) => ({ name, bytes })),
    documents,
    signatures,
    bands: files,
    contents: await writeChecked(storage, contentsName(rank), bytes),
  })
  await writeManifest(storage, signatureManifestName(rank), manifest)
  return manifest
}
