import { FormatError, OptionError } from '../data-filter-error.js'
import { writeChecked } from '../manifest/checked-file.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { Storage, StoredFile } from '../storage.js'
import { bandBlocksName, bandCollector, bandFileName, bandShape } from './band-file.js'
import { contentsName, type SignatureManifest, signatureManifest, signatureManifestName } from './signature-manifest.js'
import { ROW_HEAD, signatureRowBytes } from './signature-rows.js'
import type { SignatureConfig } from './signer.js'
import { writeSorted } from './sorted-file.js'

export interface CollectOptions {
  /** The signer's. */
  readonly config: SignatureConfig
  /** The rows of the shard's documents in their order, cut into pieces anywhere. */
  readonly rows: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** Which shard this is, of how many. */
  readonly rank: number
  readonly worldSize: number
  /** Where the documents came from; stage 4 refuses others. */
  readonly inputs: readonly StoredFile[]
  /** Gets datatrove's files, `bucket_000/00000.minhash.sig` and so on, and beside them what the later stages check. */
  readonly signatures: Storage
}

/**
 * The second half of stage 1: the rows that `signatureRows` made, sorted, a file a bucket. Holds 68 bytes a document and bucket in
 * memory (for 8 hashes), up to twice that while it grows, so a shard of a million documents takes about 1 to 2 GB.
 * Throws OptionError, and FormatError where the rows are cut.
 */
export async function collectSignatures(options: CollectOptions): Promise<SignatureManifest> {
  const { config, rank, worldSize, inputs, signatures: storage } = options
  if (!(Number.isInteger(rank) && Number.isInteger(worldSize) && rank >= 0 && rank < worldSize)) {
    throw new OptionError('signDocuments', 'a rank from 0 to below worldSize', `rank ${rank} of ${worldSize}`)
  }
  const bands = bandCollector(config)
  let contents = new Uint32Array(3 * 1024)
  let documents = 0
  let signatures = 0
  for await (const row of wholeRows(options.rows, signatureRowBytes(config))) {
    if (row[3]) {
      bands.add(documents, row.subarray(ROW_HEAD))
      signatures++
    }
    if (3 * documents === contents.length) {
      const larger = new Uint32Array(2 * contents.length)
      larger.set(contents)
      contents = larger
    }
    contents.set(row.subarray(0, 3), 3 * documents)
    documents++
  }
  const shape = bandShape(config)
  const files = []
  for (let bucket = 0; bucket < config.buckets; bucket++) {
    const name = bandFileName(bucket, rank)
    files.push(await writeSorted(storage, name, bandBlocksName(bucket, rank), shape, bands.records(bucket)))
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

async function* wholeRows(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  rowBytes: number,
): AsyncGenerator<Uint32Array> {
  let row = new Uint8Array(rowBytes)
  let used = 0
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + rowBytes - used)
      if (part.length === rowBytes) {
        yield littleEndianWords(part)
        at += rowBytes
        continue
      }
      row.set(part, used)
      used += part.length
      at += part.length
      if (used < rowBytes) continue
      yield littleEndianWords(row)
      row = new Uint8Array(rowBytes)
      used = 0
    }
  }
  if (used > 0) {
    throw new FormatError(
      'collectSignatures: rows',
      `rows of ${rowBytes} bytes`,
      `${used} bytes behind the last`,
      'Make the rows with the same configuration, and give all of their bytes.',
    )
  }
}
