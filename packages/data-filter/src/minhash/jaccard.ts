import { compareHashes, type RecordShape, sortRecords } from './record-sort.js'

const HASH: RecordShape = { stride: 2, hashes: 1, precision: 64 }

/** The different ones among 64-bit hashes, ascending.  [2 n] -> [2 m] */
export function distinctHashes(hashes: Uint32Array): Uint32Array {
  const sorted = sortRecords(hashes, HASH)
  let size = 0
  for (let at = 0; at < sorted.length; at += 2) {
    if (at > 0 && compareHashes(sorted, at, sorted, size - 2, HASH) === 0) continue
    sorted[size] = sorted[at] as number
    sorted[size + 1] = sorted[at + 1] as number
    size += 2
  }
  return sorted.slice(0, size)
}

/**
 * The Jaccard similarity |A and B| / |A or B| of two sets of shingle hashes, from 0 to 1: what a shared bucket only makes likely.
 * Two empty sets are alike. Source: Broder 1997, "On the resemblance and containment of documents",
 * https://doi.org/10.1109/SEQUEN.1997.666900.
 * Both sets are as `distinctHashes` gives them.
 */
export function jaccardSimilarity(a: Uint32Array, b: Uint32Array): number {
  let common = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const order = compareHashes(a, i, b, j, HASH)
    if (order === 0) common++
    if (order <= 0) i += 2
    if (order >= 0) j += 2
  }
  const either = (a.length + b.length) / 2 - common
  return either === 0 ? 1 : common / either
}
