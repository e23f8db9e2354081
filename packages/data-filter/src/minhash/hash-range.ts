import type { Storage } from '../storage.js'
import { littleEndianWords } from './band-file.js'
import type { RecordShape } from './record-sort.js'

/** A sorted file and how many records it has. */
export interface SortedFile {
  readonly name: string
  readonly records: number
}

/** Records of each file, from `first` to before `last`. */
export interface RecordRange {
  readonly first: number
  readonly last: number
}

/** Samples a part: parts then differ in size by an eighth or so. */
const SAMPLES = 64

/**
 * The records whose first hash lies in part `part` of `parts`, in every file. Bounds are quantiles of samples from all files, so
 * that a file unlike the others does not make parts uneven; equal hashes are in one part.
 */
export async function partOfFiles(
  storage: Storage,
  files: readonly SortedFile[],
  { stride }: RecordShape,
  part: number,
  parts: number,
): Promise<RecordRange[]> {
  const firstHash = async (file: SortedFile, record: number): Promise<bigint> => {
    const start = record * 4 * stride
    const bytes = new Uint8Array(8)
    let size = 0
    for await (const piece of storage.read(file.name, { start, end: start + 8 })) {
      bytes.set(piece, size)
      size += piece.length
    }
    const [low, high] = littleEndianWords(bytes) as unknown as [number, number]
    return BigInt(low) + (BigInt(high) << 32n)
  }
  const firstAtLeast = async (file: SortedFile, bound: bigint | null): Promise<number> => {
    if (bound === null) return file.records
    let [low, high] = [0, file.records]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((await firstHash(file, middle)) < bound) low = middle + 1
      else high = middle
    }
    return low
  }
  if (parts === 1) return files.map(({ records }) => ({ first: 0, last: records }))
  const total = files.reduce((sum, { records }) => sum + records, 0)
  const samples: bigint[] = []
  for (const file of files) {
    const count = Math.min(file.records, Math.ceil((SAMPLES * parts * file.records) / total))
    for (let i = 0; i < count; i++) samples.push(await firstHash(file, Math.floor(((i + 0.5) * file.records) / count)))
  }
  samples.sort((x, y) => (x < y ? -1 : x > y ? 1 : 0))
  const bound = (k: number): bigint | null =>
    k === 0 ? 0n : k === parts ? null : (samples[Math.floor((k * samples.length) / parts)] ?? null)
  const ranges: RecordRange[] = []
  for (const file of files) {
    ranges.push({ first: await firstAtLeast(file, bound(part)), last: await firstAtLeast(file, bound(part + 1)) })
  }
  return ranges
}
