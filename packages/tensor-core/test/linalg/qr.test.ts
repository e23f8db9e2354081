import { describe, expect, it } from 'vitest'
import { type Matrix, matrix, multiply } from '../../src/linalg/matrix.js'
import { type QrOptions, qr } from '../../src/linalg/qr.js'
import { assertMatrixClose, assertOrthonormalColumns, hilbert, ofRank, randomMatrix, SHAPES } from './matrices.js'

function check(a: Matrix, options: QrOptions, label: string) {
  const { q, r, permutation } = qr(a, options)
  const width = options.mode === 'full' ? a.rows : Math.min(a.rows, a.cols)
  expect([q.rows, q.cols, r.rows, r.cols]).toEqual([a.rows, width, width, a.cols])
  assertOrthonormalColumns(q, `${label}: QᵀQ`)
  const permuted = matrix(a.rows, a.cols)
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) permuted.data[i * a.cols + j] = a.data[i * a.cols + permutation[j]]
  }
  assertMatrixClose(multiply(q, r), permuted, `${label}: Q R`)
  for (let i = 0; i < r.rows; i++) {
    for (let j = 0; j < Math.min(i, r.cols); j++) expect(r.data[i * r.cols + j]).toBe(0)
  }
  return r
}

const modes: QrOptions[] = [
  { mode: 'thin' },
  { mode: 'full' },
  { mode: 'thin', pivot: true },
  { mode: 'full', pivot: true },
]

describe('qr', () => {
  it.each(SHAPES)('factors [%i, %i], thin and full, with and without pivoting', (rows, cols) => {
    for (const options of modes) check(randomMatrix(rows, cols, 5), options, JSON.stringify(options))
  })

  it('factors rank-deficient, zero and ill-conditioned matrices', () => {
    for (const options of modes) {
      check(ofRank(10, 8, 3, 2), options, 'rank 3')
      check(matrix(4, 3), options, 'zero')
      check(hilbert(12), options, 'Hilbert')
    }
  })

  it('reveals the rank with pivoting: |R[i, i]| falls, and to rounding after the rank', () => {
    const r = check(ofRank(20, 15, 4, 9), { pivot: true }, 'rank 4')
    const diagonal = Array.from({ length: 15 }, (_, i) => Math.abs(r.data[i * 15 + i]))
    for (let i = 1; i < 15; i++) expect(diagonal[i]).toBeLessThanOrEqual(diagonal[i - 1] * (1 + 1e-12))
    expect(diagonal[3]).toBeGreaterThan(0.1)
    expect(diagonal[4]).toBeLessThan(1e-12)
  })

  it('keeps the columns in place without pivoting', () => {
    expect(Array.from(qr(randomMatrix(3, 3, 1)).permutation)).toEqual([0, 1, 2])
  })

  it.each([1e300, 1e-300])('neither overflows nor underflows at %f', (size) => {
    const a = randomMatrix(6, 4, 3)
    check({ ...a, data: a.data.map((value) => value * size) }, {}, String(size))
  })

  it('stays orthogonal when columns differ by 300 orders', () => {
    const a = randomMatrix(5, 4, 3)
    check({ ...a, data: a.data.map((value, k) => value * [1, 1e-160, 1e-300, 1e-100][k % 4]) }, {}, 'graded')
  })

  it('refuses what is not finite', () => {
    expect(() => qr(matrix(1, 2, [1, -Infinity]))).toThrow('qr: expected finite numbers, got -Infinity at [0, 1].')
  })
})
