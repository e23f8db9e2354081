import { FormatError, ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import {
  type CheckedFile,
  changedFile,
  checkSize,
  readChecked,
  readRange,
  writeChecked,
} from '../manifest/checked-file.js'
import { checksumOf, checksumWords } from '../manifest/checksum.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import { type ManifestHead, readManifest, writeManifest } from '../manifest/manifest-file.js'
import type { Storage, StoredFile } from '../storage.js'
import { checkedDocuments } from './checked-documents.js'
import { distinctHashes } from './jaccard.js'
import type { Minhasher } from './minhasher.js'
import { type SignatureManifest, signatureManifestName } from './signature-manifest.js'
import { streamedFile } from './streamed-file.js'

const KIND = 'almanac.minhash.shingles'

/** What lies beside the shingle hashes of a shard's paired documents. */
export interface ShingleManifest extends ManifestHead {
  readonly kind: typeof KIND
  /** Of this shard's own signature manifest. */
  readonly shard: string
  /** The different hashes of each paired document, ascending, 64 bits each, one document behind the other. */
  readonly file: StoredFile
  /** Four words a paired document: its place in the shard; how many hashes it has; their bytes' checksum, XXH64. */
  readonly offsets: CheckedFile
}

const nameOf = (rank: number, ending: string) => `shingles/${`${rank}`.padStart(5, '0')}${ending}`

export interface ShingleOptions {
  readonly documents: AsyncIterable<Document> | Iterable<Document>
  readonly inputs: readonly StoredFile[] | null
  readonly rank: number
  readonly shard: SignatureManifest
  readonly signatures: Storage
  readonly minhasher: Pick<Minhasher, 'contentId' | 'shingleHashes'>
  readonly isPaired: (document: number) => boolean
  readonly storage: Storage
}

/** Writes them. Holds a document, and 16 bytes for each paired one of the shard. */
export async function writeShingles(options: ShingleOptions): Promise<ShingleManifest> {
  const { rank, shard, signatures, minhasher, storage, isPaired, documents, inputs } = options
  const sumOf = await checksumWords()
  const contentId = (text: string) => minhasher.contentId(text)
  const manifestName = signatureManifestName(rank)
  const rows: number[] = []
  const output = streamedFile(storage, nameOf(rank, '.hashes'))
  try {
    let index = 0
    for await (const { text } of checkedDocuments({
      documents,
      inputs,
      shard,
      storage: signatures,
      manifestName,
      contentId,
    })) {
      if (isPaired(index)) {
        const bytes = littleEndianBytes(distinctHashes(minhasher.shingleHashes(text)))
        rows.push(index, bytes.length / 8, ...sumOf(bytes))
        await output.push(bytes)
      }
      index++
    }
    const file = await output.finish()
    const offsets = await writeChecked(storage, nameOf(rank, '.offsets'), littleEndianBytes(Uint32Array.from(rows)))
    const manifest: ShingleManifest = {
      kind: KIND,
      version: 1,
      shard: await checksumOf(JSON.stringify(shard)),
      file,
      offsets,
    }
    await writeManifest(storage, nameOf(rank, '.manifest.json'), manifest)
    return manifest
  } catch (error) {
    await output.abort(error)
    throw error
  }
}

/** The shingle hashes of a shard's paired documents. */
export interface ShingleFile {
  /** Bytes of a document's hashes. Throws ManifestError where the document was not paired when they were written. */
  bytes(document: number): number
  /** The hashes of documents, given ascending, each to `take`. Throws ManifestError where the file has changed. */
  read(documents: readonly number[], take: (document: number, hashes: Uint32Array) => void): Promise<void>
}

/** Bytes that are rather read than skipped, and those that are read at once. */
const GAP = 64 * 1024
const AT_ONCE = 4 * 1024 * 1024

/** Opens them: 24 bytes of memory a paired document. */
export async function openShingles(storage: Storage, rank: number, shard: SignatureManifest): Promise<ShingleFile> {
  const name = nameOf(rank, '.manifest.json')
  const manifest = await readManifest<ShingleManifest>(storage, name, KIND, 'Run shinglePaired for this rank.')
  const [wanted, got] = [await checksumOf(JSON.stringify(shard)), manifest.shard]
  if (got !== wanted) {
    const hint = 'Signatures were made again since: run shinglePaired again too.'
    throw new ManifestError(`${storage.location}/${name}`, `shingles of the signatures ${wanted}`, got, hint)
  }
  const file = { ...manifest.file, checksum: '' }
  await checkSize(storage, file)
  const rows = littleEndianWords(await readChecked(storage, manifest.offsets))
  const sumOf = await checksumWords()
  const count = rows.length / 4
  const starts = new Float64Array(count + 1)
  for (let i = 0; i < count; i++) starts[i + 1] = (starts[i] as number) + 8 * (rows[4 * i + 1] as number)
  if (starts[count] !== file.bytes) {
    throw new FormatError(`${storage.location}/${file.name}`, `${starts[count]} bytes`, `${file.bytes}`)
  }
  const rowOf = (document: number): number => {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((rows[4 * middle] as number) < document) low = middle + 1
      else high = middle
    }
    if (low < count && rows[4 * low] === document) return low
    throw new ManifestError(
      `${storage.location}/${manifest.offsets.name}`,
      `document ${document} of shard ${rank}, which is in a pair`,
      'none of this number',
      'Pairs were found again since: run shinglePaired again too.',
    )
  }
  const start = (row: number) => starts[row] as number
  return {
    bytes(document) {
      const row = rowOf(document)
      return start(row + 1) - start(row)
    },
    async read(documents, take) {
      const wantedRows = documents.map(rowOf)
      for (let first = 0, end = 0; first < wantedRows.length; first = end) {
        const from = start(wantedRows[first] as number)
        let to = start((wantedRows[first] as number) + 1)
        for (end = first + 1; end < wantedRows.length; end++) {
          const row = wantedRows[end] as number
          if (start(row) - to > GAP || start(row + 1) - from > AT_ONCE) break
          to = start(row + 1)
        }
        const bytes = await readRange(storage, file, { start: from, end: to })
        for (let i = first; i < end; i++) {
          const row = wantedRows[i] as number
          const own = bytes.slice(start(row) - from, start(row + 1) - from)
          const [low, high] = sumOf(own)
          if (low !== rows[4 * row + 2] || high !== rows[4 * row + 3]) {
            throw changedFile(storage, file, 'other bytes', `the hashes of document ${documents[i]}`)
          }
          take(documents[i] as number, littleEndianWords(own))
        }
      }
    },
  }
}
