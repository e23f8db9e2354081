import { seededRandom, toleranceFor } from '@almanac/test-kit'
import { expect, test } from 'vitest'
import { quantised } from '../../src/language/fasttext-matrix.js'
import { wordNgramBuckets } from '../../src/language/fasttext-word-ngrams.js'

const { rtol, atol } = toleranceFor('float32', 'reduction')

/** fastText's arithmetic, in whole numbers of 64 bits: h * 116049371 + hash, hashes with their sign. */
function byBigInt(hashes: readonly number[], longest: number, bucket: number): number[] {
  const found: number[] = []
  for (let i = 0; i < hashes.length; i++) {
    let hash = BigInt.asUintN(64, BigInt(hashes[i] as number))
    for (let j = i + 1; j < hashes.length && j < i + longest; j++) {
      hash = BigInt.asUintN(64, hash * 116049371n + BigInt(hashes[j] as number))
      found.push(Number(hash % BigInt(bucket)))
    }
  }
  return found
}

test.each([1, 7, 1000, 2_000_000, 2 ** 26, 2 ** 26 + 1, 2 ** 31 - 1])('n-grams of words in %i buckets', (bucket) => {
  const random = seededRandom(bucket)
  const edges = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 65535, 65536, -65536]
  const hashes = [...edges, ...Array.from({ length: 500 }, () => random.integer(2 ** 32) | 0)]
  for (const longest of [1, 2, 5]) {
    const found: number[] = []
    wordNgramBuckets(hashes, longest, bucket, (at) => found.push(at))
    expect(found).toEqual(byBigInt(hashes, longest, bucket))
  }
})

test('a quantised matrix that stays packed: rows of centroids, times their norms', () => {
  const [rows, columns, count, length, lastLength] = [4, 5, 3, 2, 1]
  const codes = Uint8Array.of(0, 1, 2, 255, 0, 255, 9, 8, 7, 3, 3, 3)
  const centroids = Float32Array.from({ length: columns * 256 }, (_, i) => Math.sin(i))
  const norms = Float32Array.of(1, 2, 0.5, -1)
  const matrix = quantised(rows, columns, codes, { count, length, lastLength, centroids }, norms)
  const vector = Float32Array.of(1, -2, 3, 0.25, 5)
  for (let row = 0; row < rows; row++) {
    // Two parts of two numbers lie at 0 and 512, the last of one number at 1024.
    const [a, b, c] = [0, 1, 2].map((part) => codes[row * count + part] as number) as [number, number, number]
    const places = [2 * a, 2 * a + 1, 512 + 2 * b, 512 + 2 * b + 1, 1024 + c]
    const values = places.map((place) => (centroids[place] as number) * (norms[row] as number))
    const sum = vector.slice()
    matrix.addRow(row, sum)
    values.forEach((value, i) => {
      const expected = (vector[i] as number) + value
      expect(Math.abs((sum[i] as number) - expected)).toBeLessThanOrEqual(atol + rtol * Math.abs(expected))
    })
    const dot = values.reduce((total, value, i) => total + value * (vector[i] as number), 0)
    expect(Math.abs(matrix.dot(row, vector) - dot)).toBeLessThanOrEqual(atol + rtol * Math.abs(dot))
  }
})
