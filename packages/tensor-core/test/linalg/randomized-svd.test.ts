import { assertClose, toleranceFor } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { type Matrix, matrix, multiply, transpose } from '../../src/linalg/matrix.js'
import { qr } from '../../src/linalg/qr.js'
import { randomizedSvd } from '../../src/linalg/randomized-svd.js'
import { svd } from '../../src/linalg/svd.js'
import { assertMatrixClose, assertOrthonormalColumns, ofRank, randomMatrix, scaleColumns } from './matrices.js'

/** U diag(s) Vᵀ with random orthonormal factors. */
function withSpectrum(rows: number, cols: number, s: number[]): Matrix {
  const u = qr(randomMatrix(rows, s.length, 21)).q
  const v = qr(randomMatrix(cols, s.length, 22)).q
  return multiply(scaleColumns(u, s), transpose(v))
}

describe('randomizedSvd', () => {
  it.each([
    [80, 50],
    [50, 80],
  ])('recovers a [%i, %i] matrix of rank 6 exactly', (rows, cols) => {
    const a = ofRank(rows, cols, 6, 31)
    const { u, s, vt } = randomizedSvd(a, { rank: 6 })
    expect([u.rows, u.cols, s.length, vt.rows, vt.cols]).toEqual([rows, 6, 6, 6, cols])
    assertOrthonormalColumns(u, 'UᵀU')
    assertOrthonormalColumns(transpose(vt), 'VᵀV')
    assertMatrixClose(multiply(scaleColumns(u, s), vt), a, 'U S Vᵀ')
    assertClose(s, svd(a).s.slice(0, 6), toleranceFor('float64', 'matmul'), 's')
  })

  it('comes within a few percent of the best error on a slowly decaying spectrum, closer with power iterations', () => {
    const spectrum = Array.from({ length: 60 }, (_, i) => 1 / (i + 1))
    const a = withSpectrum(120, 60, spectrum)
    const error = (powerIterations: number) => {
      const { u, s, vt } = randomizedSvd(a, { rank: 10, powerIterations, seed: 4 })
      const approximation = multiply(scaleColumns(u, s), vt)
      return svd({ ...a, data: a.data.map((value, k) => value - approximation.data[k]) }).s[0]
    }
    // The best possible spectral error is the eleventh singular value (Eckart & Young).
    const best = spectrum[10]
    expect(error(2)).toBeLessThan(best * 1.02)
    expect(error(2)).toBeGreaterThan(best * (1 - 1e-12))
    expect(error(0)).toBeGreaterThan(error(2))
    // Halko, Martinsson & Tropp, eq. 1.9, with oversampling 10 and no power iteration.
    expect(error(0)).toBeLessThan(best * (1 + 9 * Math.sqrt(20 * 60)))
  })

  it('repeats with the seed', () => {
    const a = randomMatrix(20, 15, 1)
    expect(randomizedSvd(a, { rank: 3, seed: 5 })).toEqual(randomizedSvd(a, { rank: 3, seed: 5 }))
    expect(randomizedSvd(a, { rank: 3, seed: 5 })).not.toEqual(randomizedSvd(a, { rank: 3, seed: 6 }))
  })

  it('takes full rank, rank 0 and empty matrices', () => {
    const a = randomMatrix(6, 4, 1)
    assertClose(randomizedSvd(a, { rank: 4 }).s, svd(a).s, toleranceFor('float64', 'matmul'), 's')
    expect(randomizedSvd(a, { rank: 0 }).s).toHaveLength(0)
    expect(randomizedSvd(matrix(0, 3), { rank: 0 }).vt).toMatchObject({ rows: 0, cols: 3 })
    expect(Array.from(randomizedSvd(matrix(4, 4), { rank: 2 }).s)).toEqual([0, 0])
  })

  it('refuses options outside their range and numbers that are not finite', () => {
    const a = randomMatrix(6, 4, 1)
    expect(() => randomizedSvd(a, { rank: 5 })).toThrow(
      'randomizedSvd: expected rank as an integer between 0 and 4, got 5. ' +
        'A matrix has no more singular values than its smaller side.',
    )
    expect(() => randomizedSvd(a, { rank: 2, powerIterations: 0.5 })).toThrow('got 0.5. Pass a whole number.')
    expect(() => randomizedSvd(a, { rank: 2, seed: -1 })).toThrow('seed as an integer between 0 and 4294967295')
    expect(() => randomizedSvd(matrix(1, 1, [Number.NaN]), { rank: 1 })).toThrow(
      'randomizedSvd: expected finite numbers',
    )
  })
})
