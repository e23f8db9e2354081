import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { type Matrix, multiply, transpose } from '../../src/linalg/matrix.js'

/** Matrices and checks that the tests of host linear algebra share. */
export function randomMatrix(rows: number, cols: number, seed: number): Matrix {
  const random = seededRandom(seed)
  return { rows, cols, data: Float64Array.from({ length: rows * cols }, () => random.normal()) }
}

/** Hilbert's matrix 1 / (i + j + 1): positive definite, and the condition number grows like e^(3.5 n). */
export function hilbert(n: number): Matrix {
  return {
    rows: n,
    cols: n,
    data: Float64Array.from({ length: n * n }, (_, k) => 1 / (Math.floor(k / n) + (k % n) + 1)),
  }
}

/** A product of random factors with the given inner size. */
export function ofRank(rows: number, cols: number, rank: number, seed: number): Matrix {
  return multiply(randomMatrix(rows, rank, seed), randomMatrix(rank, cols, seed + 1))
}

export function largest(a: Matrix): number {
  return a.data.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
}

const { rtol } = toleranceFor('float64', 'matmul')

/** Equality to the float64 matmul tolerance, relative to the largest element of the expected matrix. */
export function assertMatrixClose(actual: Matrix, expected: Matrix, label: string): void {
  const sizes = [actual.rows, actual.cols].join() === [expected.rows, expected.cols].join()
  if (!sizes)
    throw new Error(`${label}: expected [${expected.rows}, ${expected.cols}], got [${actual.rows}, ${actual.cols}].`)
  assertClose(actual.data, expected.data, { rtol, atol: rtol * largest(expected) }, label)
}

/** Columns of q are orthonormal. */
export function assertOrthonormalColumns(q: Matrix, label: string): void {
  const gram = multiply(transpose(q), q)
  const identity = Float64Array.from(gram.data, (_, k) => (k % (q.cols + 1) === 0 ? 1 : 0))
  assertClose(gram.data, identity, { rtol, atol: rtol }, label)
}

/** A diag(s), scaling columns. */
export function scaleColumns(a: Matrix, s: ArrayLike<number>): Matrix {
  return { ...a, data: a.data.map((value, k) => value * s[k % a.cols]) }
}

/** Shapes every factorisation of a general matrix meets. */
export const SHAPES = [
  [1, 1],
  [5, 5],
  [12, 7],
  [7, 12],
  [1, 6],
  [6, 1],
  [40, 40],
  [0, 0],
  [0, 3],
  [3, 0],
] as const
