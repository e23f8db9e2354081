import { describe, expect, it } from 'vitest'
import { TensorError } from '../../src/errors.js'
import { cholesky } from '../../src/linalg/cholesky.js'
import { LinalgError, NotPositiveDefiniteError } from '../../src/linalg/linalg-error.js'
import { matrix, matrixFromRows, matrixToRows, multiply, transpose } from '../../src/linalg/matrix.js'
import { assertMatrixClose, hilbert, randomMatrix } from './matrices.js'

describe('cholesky', () => {
  it('factors a textbook matrix exactly', () => {
    const a = matrixFromRows([
      [4, 12, -16],
      [12, 37, -43],
      [-16, -43, 98],
    ])
    expect(matrixToRows(cholesky(a))).toEqual([
      [2, 0, 0],
      [6, 1, 0],
      [-8, 5, 3],
    ])
  })

  it.each([1, 2, 9, 60])('reconstructs a random %i x %i matrix', (n) => {
    const x = randomMatrix(n, n + 3, n)
    const a = multiply(x, transpose(x))
    const l = cholesky(a)
    assertMatrixClose(multiply(l, transpose(l)), a, 'L Lᵀ')
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(l.data[i * n + j]).toBe(0)
  })

  it('reconstructs the Hilbert matrix of order 12 (condition number 1.6e16)', () => {
    const l = cholesky(hilbert(12))
    assertMatrixClose(multiply(l, transpose(l)), hilbert(12), 'L Lᵀ')
  })

  it('reads only the lower triangle and leaves the input alone', () => {
    const a = matrixFromRows([
      [4, 99],
      [2, 5],
    ])
    expect(matrixToRows(cholesky(a))).toEqual([
      [2, 0],
      [1, 2],
    ])
    expect(a.data).toEqual(new Float64Array([4, 99, 2, 5]))
    expect(cholesky(matrix(0, 0)).data).toHaveLength(0)
  })

  it('names the pivot that fails', () => {
    const a = matrixFromRows([
      [1, 2, 0],
      [2, 1, 0],
      [0, 0, 1],
    ])
    expect(() => cholesky(a)).toThrow(
      'cholesky: expected a positive definite matrix, got pivot -3 at index 1. ' +
        'Add a small multiple of the identity (damping) or drop dependent rows.',
    )
    try {
      cholesky(matrixFromRows([[0]]))
      expect.fail('accepted zero')
    } catch (error) {
      expect(error).toBeInstanceOf(NotPositiveDefiniteError)
      expect(error).toBeInstanceOf(LinalgError)
      expect(error).toBeInstanceOf(TensorError)
      expect((error as NotPositiveDefiniteError).pivot).toBe(0)
      expect((error as NotPositiveDefiniteError).name).toBe('NotPositiveDefiniteError')
    }
  })

  it('refuses what is not square or not finite', () => {
    expect(() => cholesky(matrix(2, 3))).toThrow(
      'cholesky: expected a square matrix, got [2, 3]. Pass a matrix with as many rows as columns.',
    )
    expect(() => cholesky(matrix(2, 2, [1, 0, Number.NaN, 1]))).toThrow(
      'cholesky: expected finite numbers, got NaN at [1, 0]. Find the step that produced it before this call.',
    )
  })
})
