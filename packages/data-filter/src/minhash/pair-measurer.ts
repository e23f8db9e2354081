import type { DocumentNumbers } from './document-numbers.js'
import { jaccardSimilarity } from './jaccard.js'
import type { PairWriter } from './pair-writer.js'
import type { ShingleFile } from './shingle-file.js'

/** Measures pairs in batches whose documents' hashes fit in memory, so that files are read in long pieces. */
export function pairMeasurer(
  shingles: readonly ShingleFile[],
  numbers: DocumentNumbers,
  writers: readonly PairWriter[],
  { threshold, limit }: { threshold: number; limit: number },
) {
  let batch: number[] = []
  let needed = new Set<number>()
  let bytes = 0
  const counts = { measured: 0, joined: 0 }
  const place = (number: number) => {
    const rank = numbers.rank(number)
    return [rank, number - (numbers.bases[rank] as number)] as const
  }
  const bytesOf = (number: number) => {
    if (needed.has(number)) return 0
    const [rank, document] = place(number)
    // What maps and lists take beside the hashes.
    return (shingles[rank] as ShingleFile).bytes(document) + 100
  }
  const flush = async () => {
    const hashes = new Map<number, Uint32Array>()
    const byRank = new Map<number, number[]>()
    for (const number of [...needed].sort((a, b) => a - b)) {
      const [rank, document] = place(number)
      const list = byRank.get(rank)
      if (list) list.push(document)
      else byRank.set(rank, [document])
    }
    for (const [rank, documents] of byRank) {
      const base = numbers.bases[rank] as number
      await (shingles[rank] as ShingleFile).read(documents, (document, own) => hashes.set(base + document, own))
    }
    for (let i = 0; i < batch.length; i += 3) {
      const [a, b, bucket] = batch.slice(i, i + 3) as unknown as readonly [number, number, number]
      const similarity = jaccardSimilarity(hashes.get(a) as Uint32Array, hashes.get(b) as Uint32Array)
      counts.measured++
      if (similarity >= threshold) counts.joined++
      const wait = (writers[bucket] as PairWriter).add([...place(a), ...place(b)], similarity)
      if (wait) await wait
    }
    batch = []
    needed = new Set()
    bytes = 0
  }
  const put = (a: number, b: number, bucket: number) => {
    bytes += bytesOf(a) + bytesOf(b) + 24
    needed.add(a)
    needed.add(b)
    batch.push(a, b, bucket)
  }
  return {
    counts,
    add(a: number, b: number, bucket: number): Promise<void> | null {
      if (batch.length > 0 && bytes + bytesOf(a) + bytesOf(b) + 24 > limit) return flush().then(() => put(a, b, bucket))
      put(a, b, bucket)
      return null
    },
    flush,
  }
}
