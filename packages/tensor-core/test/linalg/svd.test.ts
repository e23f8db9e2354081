import { assertClose, toleranceFor } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { eigh } from '../../src/linalg/eigh.js'
import { identityMatrix, type Matrix, matrix, matrixFromRows, multiply, transpose } from '../../src/linalg/matrix.js'
import { type Svd, svd } from '../../src/linalg/svd.js'
import {
  assertMatrixClose,
  assertOrthonormalColumns,
  hilbert,
  ofRank,
  randomMatrix,
  SHAPES,
  scaleColumns,
} from './matrices.js'

function check(a: Matrix, label: string): Svd {
  const result = svd(a)
  const { u, s, vt } = result
  const k = Math.min(a.rows, a.cols)
  expect([u.rows, u.cols, s.length, vt.rows, vt.cols]).toEqual([a.rows, k, k, k, a.cols])
  assertOrthonormalColumns(u, `${label}: UᵀU`)
  assertOrthonormalColumns(transpose(vt), `${label}: VᵀV`)
  assertMatrixClose(multiply(scaleColumns(u, s), vt), a, `${label}: U S Vᵀ`)
  s.forEach((value, i) => {
    expect(value).toBeGreaterThanOrEqual(0)
    if (i > 0) expect(value).toBeLessThanOrEqual(s[i - 1])
  })
  return result
}

describe('svd', () => {
  it.each(SHAPES)('reconstructs [%i, %i]', (rows, cols) => {
    check(randomMatrix(rows, cols, 11), 'random')
  })

  it('gives the singular values of matrices worked out by hand', () => {
    // AᵀA = [[25, 20], [20, 25]]: eigenvalues 45 and 5.
    const { s } = check(
      matrixFromRows([
        [3, 0],
        [4, 5],
      ]),
      'by hand',
    )
    assertClose(s, [Math.sqrt(45), Math.sqrt(5)], toleranceFor('float64', 'matmul'), 's')
    expect(Array.from(svd(matrixFromRows([[-3]])).s)).toEqual([3])
    assertClose(check(identityMatrix(6), 'identity').s, [1, 1, 1, 1, 1, 1], toleranceFor('float64', 'matmul'), 's')
  })

  it('completes the basis of rank-deficient and zero matrices', () => {
    const { s } = check(ofRank(12, 9, 3, 4), 'rank 3')
    expect(s[2]).toBeGreaterThan(0.1)
    expect(s[3]).toBeLessThan(1e-12)
    check(ofRank(9, 12, 3, 4), 'rank 3, wide')
    expect(Array.from(check(matrix(4, 3), 'zero').s)).toEqual([0, 0, 0])
    check(
      matrixFromRows([
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]),
      'one element',
    )
    check(
      matrixFromRows([
        [0, 2, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 1],
      ]),
      'exact zero columns',
    )
  })

  it('finds the small singular values of a graded matrix to full relative accuracy', () => {
    // diag(1, 1e-30, ..., 1e-120) times a matrix near the identity: their ratios keep the scale of the diagonal.
    const scales = [1, 1e-30, 1e-60, 1e-90, 1e-120]
    const { s } = svd(
      matrix(
        5,
        5,
        Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? scales[k / 6] : 0)),
      ),
    )
    assertClose(
      s.map((value, i) => value / scales[i]),
      [1, 1, 1, 1, 1],
      toleranceFor('float64', 'matmul'),
      'diagonal',
    )
  })

  it('finds the singular values of the Hilbert matrix of order 8 (condition number 1.5e10)', () => {
    // Symmetric positive definite, so these are its extreme eigenvalues: Fettis & Caslin 1967, Math. Comp. 21, 431-441.
    const { s } = check(hilbert(8), 'Hilbert')
    // Rounding the entries alone may move every singular value by this much (Weyl).
    const bound = Number.EPSILON * s[0]
    expect(Math.abs(s[0] - 1.695938996921949)).toBeLessThan(4 * bound)
    expect(Math.abs(s[7] - 1.11153896637e-10)).toBeLessThan(bound)
  })

  it('agrees with eigh of AᵀA', () => {
    const a = randomMatrix(30, 20, 6)
    const squared = eigh(multiply(transpose(a), a)).values.reverse()
    assertClose(svd(a).s, squared.map(Math.sqrt), toleranceFor('float64', 'matmul'), 's')
  })

  it.each([1e300, 1e-300])('neither overflows nor underflows at %f', (size) => {
    const a = randomMatrix(7, 5, 3)
    check({ ...a, data: a.data.map((value) => value * size) }, String(size))
  })

  it('is the same for equal input, and leaves it alone', () => {
    const a = randomMatrix(9, 9, 2)
    const before = a.data.slice()
    expect(svd(a)).toEqual(svd(a))
    expect(a.data).toEqual(before)
  })

  it('refuses what is not finite, with the place in the caller’s matrix', () => {
    expect(() => svd(matrix(2, 3, [1, 2, 3, 4, Number.NaN, 6]))).toThrow(
      'svd: expected finite numbers, got NaN at [1, 1]. Find the step that produced it before this call.',
    )
  })
})
