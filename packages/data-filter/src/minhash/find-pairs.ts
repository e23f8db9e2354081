import { ManifestError, OptionError } from '../data-filter-error.js'
import { checkSize } from '../manifest/checked-file.js'
import { checksums } from '../manifest/checksum.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { bandShape } from './band-file.js'
import { boundsOfPart } from './hash-range.js'
import { finishIndex, indexFileName, indexShape, indexWriter, listIndexFiles, readIndexManifest } from './index-file.js'
import { type PairManifest, pairFileName, pairManifest, pairManifestName } from './pair-manifest.js'
import { IN_INDEX } from './pair-reader.js'
import { mergeRecords } from './record-merge.js'
import { type RecordReader, recordReader } from './record-reader.js'
import { compareHashes, type RecordShape } from './record-sort.js'
import { readSignatureSet } from './signature-manifest.js'
import type { SignatureConfig } from './signer.js'
import { readBlocks, type SortedFile, type SortedFileWriter } from './sorted-file.js'

export interface PairOptions {
  /** Stage 1's result, of all shards. */
  readonly signatures: Storage
  /** Gets datatrove's files, `00000_00.dups` and so on. */
  readonly pairs: Storage
  readonly bucket: number
  /** Which part of the bucket this call takes, of how many; 0 of 1 if left out. */
  readonly part?: number
  readonly parts?: number
  /** For the buffers of all files together; 256 MiB if left out. At least 68 KiB a file are taken. */
  readonly bufferBytes?: number
  /** Signatures of other data, `bucket_000/NAME_00.minhash.index` and so on: a document that has one of them goes. */
  readonly index?: {
    readonly storage: Storage
    /** Whether documents are only compared with the index and not with each other; true if left out, as datatrove has it. */
    readonly onlyIndex?: boolean
  }
  /** Writes the signatures that are in no index, each once, as an index for other data. It is not read itself. */
  readonly createIndex?: { readonly storage: Storage; readonly name: string }
}

const LARGEST = 4 * 1024 * 1024
const PAIRS_PER_PIECE = 4096

/**
 * Stage 2: which documents share all hashes of a bucket. All shards' files are merged; every record that has the hashes of the one
 * before makes a pair with it, four 32-bit words: shard and document of both. A document with n others of its hashes so is in a
 * chain of n pairs. Shard and document of something in an index are 0xffffffff; with `onlyIndex` each document that is in it has
 * such a pair, where datatrove writes it for the first only. Any number of parts gives the same pairs. All that is read is compared with
 * checksums, block by block. Throws OptionError and ManifestError.
 */
export async function findPairs(options: PairOptions): Promise<PairManifest> {
  const { signatures, pairs: output, bucket, part = 0, parts = 1, bufferBytes = 256 * 2 ** 20, createIndex } = options
  const { config, shards, fingerprint } = await readSignatureSet(signatures)
  const within = (name: string, value: number, end: number) => {
    if (Number.isInteger(value) && value >= 0 && value < end) return
    throw new OptionError(`findPairs: ${name}`, `a whole number from 0 to ${end - 1}`, `${value}`)
  }
  within('bucket', bucket, config.buckets)
  within('parts - 1', parts - 1, 100)
  within('part', part, parts)
  if (createIndex && !/^[\w-]+$/.test(createIndex.name)) {
    throw new OptionError('findPairs: createIndex', 'a name of letters, digits, - and _', `"${createIndex.name}"`)
  }

  const shape = bandShape(config)
  const sources: Source[] = []
  const { index } = options
  if (index) {
    for (const name of await listIndexFiles(index.storage, bucket, createIndex?.name)) {
      sources.push({
        storage: index.storage,
        file: await indexFile(index.storage, name, config),
        shape: indexShape(config),
      })
    }
  }
  const indexed = sources.length
  for (const shard of shards) sources.push({ storage: signatures, file: shard.bands[bucket] as SortedFile, shape })
  const tables: Uint32Array[] = []
  for (const { storage, file } of sources) {
    await checkSize(storage, file)
    tables.push(await readBlocks(storage, file))
  }
  const bounds = boundsOfPart(
    sources.map(({ file }) => file),
    tables,
    part,
    parts,
  )
  const readers: RecordReader[] = []
  for (const [i, { storage, file, shape }] of sources.entries()) {
    const room = Math.min(LARGEST, bufferBytes / sources.length)
    readers.push(await recordReader(storage, file, tables[i] as Uint32Array, shape, { ...bounds, bufferBytes: room }))
  }

  const fresh = createIndex
    ? await indexWriter(createIndex.storage, indexFileName(bucket, createIndex.name, part), config)
    : null
  const written = (await checksums())()
  let count = 0
  async function* pieces(): AsyncGenerator<Uint8Array> {
    const onlyIndex = indexed > 0 && (index?.onlyIndex ?? true)
    for await (const piece of mergedPairs(readers, shape, { indexed, onlyIndex, fresh })) {
      count += piece.length / 4
      const bytes = littleEndianBytes(piece)
      written.update(bytes)
      yield bytes
    }
  }
  try {
    const file = await output.write(pairFileName(bucket, part), pieces())
    if (fresh && createIndex) await finishIndex(createIndex.storage, fresh, config)
    const used = sources.slice(0, indexed).map(({ file: { name, bytes, checksum } }) => ({ name, bytes, checksum }))
    const manifest = pairManifest({
      signatures: fingerprint,
      bucket,
      part,
      parts,
      pairs: count,
      file: { ...file, checksum: written.digest() },
      index: index ? { onlyIndex: index.onlyIndex ?? true, files: used } : null,
      verified: null,
    })
    await writeManifest(output, pairManifestName(bucket, part), manifest)
    return manifest
  } catch (error) {
    await fresh?.abort(error)
    throw error
  }
}

interface Source {
  readonly storage: Storage
  readonly file: SortedFile
  readonly shape: RecordShape
}

/** Throws ManifestError where the index is of signatures that cannot be compared. */
async function indexFile(storage: Storage, name: string, config: SignatureConfig): Promise<SortedFile> {
  const manifest = await readIndexManifest(storage, name)
  const [has, wanted] = [manifest.config, config].map((value) => JSON.stringify(value))
  if (manifest.config && has !== wanted) {
    const hint = 'Make the index again with the configuration of these signatures.'
    throw new ManifestError(`${storage.location}/${name}`, `the configuration ${wanted}`, `${has}`, hint)
  }
  return manifest.file
}

/** Pairs of the readers' records, four words each: shard and document of one, then of the next one with the same hashes. */
async function* mergedPairs(
  readers: readonly RecordReader[],
  shape: RecordShape,
  { indexed, onlyIndex, fresh }: { indexed: number; onlyIndex: boolean; fresh: SortedFileWriter | null },
): AsyncGenerator<Uint32Array> {
  const merge = await mergeRecords(readers, shape)
  const place = shape.stride - 1
  let out = new Uint32Array(4 * PAIRS_PER_PIECE)
  let used = 0
  let lastReader = -1
  let lastRecords = new Uint32Array(0) as Uint32Array
  let lastAt = 0
  let lastKey = -1
  // Whether the hashes of the last record are in the index: of equal records, those of the index come first.
  let lastInIndex = false
  while (merge.reader >= 0) {
    const r = merge.reader
    const { records, at } = readers[r] as RecordReader
    const same = merge.key === lastKey && compareHashes(lastRecords, lastAt, records, at, shape) === 0
    if (!same) lastInIndex = r < indexed
    if (r >= indexed && same) {
      const withIndex = lastReader < indexed || (onlyIndex && lastInIndex)
      if (withIndex || !onlyIndex) {
        out[used] = withIndex ? IN_INDEX : lastReader - indexed
        out[used + 1] = withIndex ? IN_INDEX : (lastRecords[lastAt + place] as number)
        out[used + 2] = r - indexed
        out[used + 3] = records[at + place] as number
        used += 4
        if (used === out.length) {
          yield out
          out = new Uint32Array(4 * PAIRS_PER_PIECE)
          used = 0
        }
      }
    } else if (r >= indexed && fresh) await fresh.push(records.subarray(at, at + place))
    lastReader = r
    lastRecords = records
    lastAt = at
    lastKey = merge.key
    const wait = merge.next()
    if (wait) await wait
  }
  if (used > 0) yield out.subarray(0, used)
}
