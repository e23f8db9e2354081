import { assertClose, toleranceFor } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { type Eigh, eigh } from '../../src/linalg/eigh.js'
import { identityMatrix, type Matrix, matrix, matrixFromRows, multiply, transpose } from '../../src/linalg/matrix.js'
import { assertMatrixClose, assertOrthonormalColumns, hilbert, ofRank, randomMatrix, scaleColumns } from './matrices.js'

function check(a: Matrix, label: string): Eigh {
  const result = eigh(a)
  const { values, vectors } = result
  assertOrthonormalColumns(vectors, `${label}: VᵀV`)
  assertMatrixClose(multiply(scaleColumns(vectors, values), transpose(vectors)), a, `${label}: V Λ Vᵀ`)
  for (let i = 1; i < values.length; i++) expect(values[i]).toBeGreaterThanOrEqual(values[i - 1])
  return result
}

function symmetric(n: number, seed: number): Matrix {
  const a = randomMatrix(n, n, seed)
  return { ...a, data: a.data.map((value, k) => value + a.data[(k % n) * n + Math.floor(k / n)]) }
}

describe('eigh', () => {
  it.each([0, 1, 2, 3, 10, 50])('reconstructs a random symmetric matrix of order %i', (n) => {
    const a = symmetric(n, n + 1)
    const { values } = check(a, 'random')
    let trace = 0
    for (let i = 0; i < n; i++) trace += a.data[i * n + i]
    expect(values.reduce((x, y) => x + y, 0)).toBeCloseTo(trace, 10)
  })

  it('gives the eigenvalues of the second-difference matrix, 2 - 2 cos(k π / (n + 1))', () => {
    const n = 20
    const a = matrix(n, n)
    for (let i = 0; i < n; i++) {
      a.data[i * n + i] = 2
      if (i > 0) a.data[i * n + i - 1] = a.data[(i - 1) * n + i] = -1
    }
    const exact = Float64Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)))
    assertClose(check(a, 'second difference').values, exact, toleranceFor('float64', 'matmul'), 'values')
  })

  it('takes repeated, zero, negative and paired eigenvalues', () => {
    check(identityMatrix(5), 'identity')
    check(matrix(4, 4), 'zero')
    const x = ofRank(9, 2, 2, 3)
    const { values } = check(multiply(x, transpose(x)), 'rank 2')
    values.subarray(0, 7).forEach((value) => {
      expect(Math.abs(value)).toBeLessThan(1e-12)
    })
    const swap = check(
      matrixFromRows([
        [0, 1],
        [1, 0],
      ]),
      'swap',
    )
    assertClose(swap.values, [-1, 1], toleranceFor('float64', 'matmul'), 'values')
    check(
      matrixFromRows([
        [0, 1, 0, 0],
        [1, 0, 0, 0],
        [0, 0, 0, 1],
        [0, 0, 1, 0],
      ]),
      'two swaps',
    )
    check(hilbert(12), 'Hilbert')
  })

  it.each([1e300, 1e-300])('neither overflows nor underflows at %f', (size) => {
    const a = symmetric(7, 3)
    check({ ...a, data: a.data.map((value) => value * size) }, String(size))
  })

  it('forgives float32 rounding between the triangles and nothing more', () => {
    const nearly = matrixFromRows([
      [1, 0.5],
      [0.5 + 1e-8, 1],
    ])
    expect(eigh(nearly).values[1]).toBeCloseTo(1.5, 7)
    expect(() =>
      eigh(
        matrixFromRows([
          [1, 0.5],
          [0.6, 1],
        ]),
      ),
    ).toThrow(
      'eigh: expected a symmetric matrix, got 0.6 at [1, 0] and 0.5 at [0, 1]. ' +
        'Average it with its transpose if the difference is only rounding.',
    )
  })

  it('refuses what is not square or not finite', () => {
    expect(() => eigh(matrix(2, 3))).toThrow('eigh: expected a square matrix, got [2, 3].')
    expect(() => eigh(matrix(1, 1, [Number.NaN]))).toThrow('eigh: expected finite numbers, got NaN at [0, 0].')
  })
})
