import { FormatError, OptionError } from '../data-filter-error.js'
import type { Storage } from '../storage.js'
import { bandShape, littleEndianBytes } from './band-file.js'
import { type BandReader, bandReader } from './band-reader.js'
import { type CheckedFile, checkSize, checkSum } from './checked-file.js'
import { type Checksum, checksums } from './checksum.js'
import { partOfFiles } from './hash-range.js'
import { writeManifest } from './manifest-file.js'
import { type PairManifest, pairFileName, pairManifest, pairManifestName } from './pair-manifest.js'
import { compareHashes } from './record-sort.js'
import { readSignatureSet } from './signature-manifest.js'

export interface PairOptions {
  /** Stage 1's result, of all shards. */
  readonly signatures: Storage
  /** Gets datatrove's files, `00000_00.dups` and so on. */
  readonly pairs: Storage
  readonly bucket: number
  /** Which part of the bucket this call takes, of how many; 0 of 1 if left out. */
  readonly part?: number
  readonly parts?: number
  /** For the buffers of all files together; 256 MiB if left out. */
  readonly bufferBytes?: number
}

/** Buffers smaller than this make more requests than they save memory; larger ones save nothing. */
const SMALLEST = 64 * 1024
const LARGEST = 4 * 1024 * 1024
const PAIRS_PER_PIECE = 4096

/**
 * Stage 2: which documents share all hashes of a bucket. All shards' files are merged; every record that has the hashes of the one
 * before makes a pair with it, four 32-bit words: shard and document of both. A document with n others of its hashes so is in a
 * chain of n pairs. Any number of parts gives the same pairs. Checksums of the signatures are compared where one part reads all of a
 * file; sizes and order always. Throws OptionError, ManifestError and FormatError.
 */
export async function findPairs(options: PairOptions): Promise<PairManifest> {
  const { signatures, pairs: output, bucket, part = 0, parts = 1, bufferBytes = 256 * 2 ** 20 } = options
  const { config, shards, fingerprint } = await readSignatureSet(signatures)
  const within = (name: string, value: number, end: number) => {
    if (Number.isInteger(value) && value >= 0 && value < end) return
    throw new OptionError(`findPairs: ${name}`, `a whole number from 0 to ${end - 1}`, `${value}`)
  }
  within('bucket', bucket, config.buckets)
  within('parts - 1', parts - 1, 100)
  within('part', part, parts)

  const shape = bandShape(config)
  const recordBytes = 4 * shape.stride
  const bands = shards.map((shard) => shard.bands[bucket] as CheckedFile)
  for (const band of bands) await checkSize(signatures, band)
  const files = bands.map(({ name, bytes }) => ({ name, records: bytes / recordBytes }))
  const ranges = await partOfFiles(signatures, files, shape, part, parts)
  const room = Math.min(LARGEST, Math.max(SMALLEST, bufferBytes / shards.length))
  const perBuffer = Math.floor(room / recordBytes)
  const newChecksum = await checksums()
  // Only whole files can be compared with their checksums.
  const sums: readonly Checksum[] = parts === 1 ? bands.map(() => newChecksum()) : []
  const readers = files.map(({ name }, rank) => {
    const checksum = sums[rank]
    return bandReader(signatures, name, shape, { ...ranges[rank]!, perBuffer, ...(checksum ? { checksum } : {}) })
  })

  const written = newChecksum()
  let count = 0
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for await (const piece of mergedPairs(readers, shape.hashes)) {
      count += piece.length / 4
      const bytes = littleEndianBytes(piece)
      written.update(bytes)
      yield bytes
    }
    sums.forEach((sum, rank) => checkSum(signatures, bands[rank] as CheckedFile, sum.digest()))
  }
  const file = await output.write(pairFileName(bucket, part), pieces())
  const manifest = pairManifest({
    signatures: fingerprint,
    bucket,
    part,
    parts,
    pairs: count,
    file: { ...file, checksum: written.digest() },
  })
  await writeManifest(output, pairManifestName(bucket, part), manifest)
  return manifest
}

/** Pairs of the readers' records, four words each: reader and document of one, then of the next one with the same hashes. */
async function* mergedPairs(readers: readonly BandReader[], hashes: number): AsyncGenerator<Uint32Array> {
  const stride = 2 * hashes + 1
  // A heap of the readers that still have records, by their current ones. keys[r] is the first hash rounded to a double, which
  // decides nearly always.
  const keys = new Float64Array(readers.length)
  const heap: number[] = []
  const setKey = (r: number) => {
    const { records, at } = readers[r] as BandReader
    keys[r] = (records[at + 1] as number) * 2 ** 32 + (records[at] as number)
  }
  const before = (r: number, s: number): boolean => {
    const difference = (keys[r] as number) - (keys[s] as number)
    if (difference !== 0) return difference < 0
    const [x, y] = [readers[r] as BandReader, readers[s] as BandReader]
    const order = compareHashes(x.records, x.at, y.records, y.at, hashes)
    return order !== 0 ? order < 0 : r < s
  }
  const sink = (from: number) => {
    const moved = heap[from] as number
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as number, heap[child] as number)) child++
      if (!before(heap[child] as number, moved)) break
      heap[place] = heap[child] as number
      place = child
    }
    heap[place] = moved
  }
  for (let r = 0; r < readers.length; r++) {
    if (!(await (readers[r] as BandReader).fill())) continue
    setKey(r)
    heap.push(r)
  }
  for (let place = (heap.length >> 1) - 1; place >= 0; place--) sink(place)

  let out = new Uint32Array(4 * PAIRS_PER_PIECE)
  let used = 0
  let lastReader = -1
  let lastRecords = new Uint32Array(0) as Uint32Array
  let lastAt = 0
  let lastKey = -1
  while (heap.length > 0) {
    const r = heap[0] as number
    const reader = readers[r] as BandReader
    const { records, at } = reader
    if (keys[r] === lastKey && compareHashes(lastRecords, lastAt, records, at, hashes) === 0) {
      out[used] = lastReader
      out[used + 1] = lastRecords[lastAt + stride - 1] as number
      out[used + 2] = r
      out[used + 3] = records[at + stride - 1] as number
      used += 4
      if (used === out.length) {
        yield out
        out = new Uint32Array(4 * PAIRS_PER_PIECE)
        used = 0
      }
    }
    lastReader = r
    lastRecords = records
    lastAt = at
    lastKey = keys[r] as number
    reader.at = at + stride
    if (reader.at < records.length || (await reader.fill())) setKey(r)
    else {
      const last = heap.pop() as number
      if (heap.length === 0) break
      heap[0] = last
    }
    sink(0)
  }
  if (used > 0) yield out.subarray(0, used)
}

/** The pairs of a file that stage 2 or datatrove wrote, as words, four a pair. Throws FormatError where the last one is cut. */
export async function* readPairs(storage: Storage, name: string): AsyncGenerator<Uint32Array> {
  let rest = new Uint8Array(0)
  for await (const piece of storage.read(name)) {
    const bytes = new Uint8Array(rest.length + piece.length)
    bytes.set(rest)
    bytes.set(piece, rest.length)
    const whole = bytes.length - (bytes.length % 16)
    rest = bytes.slice(whole)
    yield new Uint32Array(bytes.buffer, 0, whole / 4)
  }
  if (rest.length > 0) {
    throw new FormatError(`${storage.location}/${name}`, 'pairs of 16 bytes', `${rest.length} bytes behind the last`)
  }
}
