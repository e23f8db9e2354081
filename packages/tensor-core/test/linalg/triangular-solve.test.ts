import { describe, expect, it } from 'vitest'
import { matrix, multiply, transpose } from '../../src/linalg/matrix.js'
import { triangularSolve } from '../../src/linalg/triangular-solve.js'
import { assertMatrixClose, randomMatrix } from './matrices.js'

const N = 9

/** Well conditioned, with numbers in the triangle that must not be read. */
function triangles(triangle: 'lower' | 'upper', unitDiagonal: boolean) {
  const stored = randomMatrix(N, N, 3)
  for (let i = 0; i < N; i++) stored.data[i * N + i] = 4 + i
  const meant = matrix(N, N, stored.data)
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) if (triangle === 'lower' ? j > i : j < i) meant.data[i * N + j] = 0
    if (unitDiagonal) meant.data[i * N + i] = 1
  }
  return { stored, meant }
}

describe('triangularSolve', () => {
  for (const triangle of ['lower', 'upper'] as const) {
    for (const transposed of [false, true]) {
      for (const unitDiagonal of [false, true]) {
        it(`solves ${triangle}, transpose ${transposed}, unit diagonal ${unitDiagonal}, 1 and 5 right-hand sides`, () => {
          const { stored, meant } = triangles(triangle, unitDiagonal)
          for (const columns of [1, 5, 0]) {
            const x = randomMatrix(N, columns, 8)
            const b = multiply(transposed ? transpose(meant) : meant, x)
            const before = b.data.slice()
            assertMatrixClose(triangularSolve(stored, b, { triangle, transpose: transposed, unitDiagonal }), x, 'X')
            expect(b.data).toEqual(before)
          }
        })
      }
    }
  }

  it('takes 1 x 1 and empty systems', () => {
    expect(triangularSolve(matrix(1, 1, [4]), matrix(1, 1, [2]), { triangle: 'upper' }).data[0]).toBe(0.5)
    expect(triangularSolve(matrix(0, 0), matrix(0, 2), { triangle: 'lower' })).toMatchObject({ rows: 0, cols: 2 })
  })

  it('names a zero pivot and refuses sizes and numbers that do not fit', () => {
    const b = matrix(2, 1, [1, 1])
    expect(() => triangularSolve(matrix(2, 2, [1, 0, 5, 0]), b, { triangle: 'lower' })).toThrow(
      'triangularSolve: expected a triangular matrix without zeros on its diagonal, got 0 at index 1. ' +
        'Use svd and drop the null space if the system is singular by nature.',
    )
    expect(() => triangularSolve(matrix(2, 3), b, { triangle: 'lower' })).toThrow(
      'expected a square matrix, got [2, 3]',
    )
    expect(() => triangularSolve(matrix(3, 3), b, { triangle: 'lower' })).toThrow(
      'triangularSolve: expected b with 3 rows, got [2, 1]. Right-hand sides are columns.',
    )
    expect(() =>
      triangularSolve(matrix(2, 2, [1, 0, 0, 1]), matrix(2, 1, [1, Infinity]), { triangle: 'lower' }),
    ).toThrow('expected finite numbers, got Infinity at [1, 0]')
  })
})
