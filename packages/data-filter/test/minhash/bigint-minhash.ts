import { createHash } from 'node:crypto'
import type { MinhashParameters } from '../../src/minhash/index.js'

const PRIME = 2n ** 61n - 1n

/** The k-th of pairs of words, the low one first. */
export const u64 = (words: ArrayLike<number>, k = 0): bigint =>
  BigInt(words[2 * k] as number) + (BigInt(words[2 * k + 1] as number) << 32n)

export const u64s = (words: ArrayLike<number>): bigint[] =>
  Array.from({ length: words.length / 2 }, (_, k) => u64(words, k))

export const sha1Hash = (text: string): bigint => createHash('sha1').update(text, 'utf8').digest().readBigUInt64LE(0)

/** min over x of ((x a_k + b_k) mod 2^64) mod (2^61 - 1), straight from the definition. */
export function referenceSignature(hashes: readonly bigint[], parameters: MinhashParameters): bigint[] {
  return Array.from({ length: parameters.count }, (_, k) => {
    const [a, b] = [u64(parameters.a, k), u64(parameters.b, k)]
    return least(hashes.map((x) => BigInt.asUintN(64, x * a + b) % PRIME))
  })
}

function least(values: readonly bigint[]): bigint {
  let result = values[0] as bigint
  for (const value of values) if (value < result) result = value
  return result
}
