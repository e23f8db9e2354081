import { MatrixShapeError, NonFiniteError } from './linalg-error.js'
import { addScaled } from './vector.js'

/** A dense matrix of float64 on the host, row-major: element [i, j] is `data[i * cols + j]`. Zero rows or columns are allowed. */
export interface Matrix {
  readonly rows: number
  readonly cols: number
  readonly data: Float64Array
}

function checkExtent(where: string, name: string, extent: number): void {
  if (!Number.isSafeInteger(extent) || extent < 0) {
    throw new MatrixShapeError(where, `${name} as an integer >= 0`, String(extent), 'Pass whole sizes.')
  }
}

/**
 * A matrix from a flat row-major list, copied. Without `data` it is all zeros.
 * @throws MatrixShapeError when `data.length` is not rows * cols
 */
export function matrix(rows: number, cols: number, data?: ArrayLike<number>): Matrix {
  checkExtent('matrix', 'rows', rows)
  checkExtent('matrix', 'cols', cols)
  const length = rows * cols
  if (data === undefined) return { rows, cols, data: new Float64Array(length) }
  if (data.length !== length) {
    throw new MatrixShapeError(
      'matrix',
      `${length} values for [${rows}, ${cols}]`,
      `${data.length} values`,
      'Check the order of rows and cols.',
    )
  }
  return { rows, cols, data: Float64Array.from(data) }
}

/**
 * A matrix from its rows: nested arrays or typed arrays.
 * @throws MatrixShapeError when the rows differ in length
 */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows[0]?.length ?? 0
  const data = new Float64Array(rows.length * cols)
  rows.forEach((row, i) => {
    if (row.length !== cols) {
      throw new MatrixShapeError(
        'matrixFromRows',
        `${cols} values in every row`,
        `${row.length} in row ${i}`,
        'Pad or drop the uneven row.',
      )
    }
    data.set(row, i * cols)
  })
  return { rows: rows.length, cols, data }
}

/** The n x n identity. */
export function identityMatrix(n: number): Matrix {
  const out = matrix(n, n)
  for (let i = 0; i < n; i++) out.data[i * n + i] = 1
  return out
}

/** The rows as nested arrays of numbers. */
export function matrixToRows(a: Matrix): number[][] {
  return Array.from({ length: a.rows }, (_, i) => Array.from(a.data.subarray(i * a.cols, (i + 1) * a.cols)))
}

/** A copy of the transpose: [rows, cols] -> [cols, rows]. */
export function transpose(a: Matrix): Matrix {
  const out = new Float64Array(a.data.length)
  for (let i = 0; i < a.rows; i++) {
    for (let j = 0; j < a.cols; j++) out[j * a.rows + i] = a.data[i * a.cols + j]
  }
  return { rows: a.cols, cols: a.rows, data: out }
}

/**
 * The product a b: [M, K] times [K, N] -> [M, N].
 * @throws MatrixShapeError when the inner sizes differ
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  if (a.cols !== b.rows) {
    throw new MatrixShapeError(
      'multiply',
      `b with ${a.cols} rows`,
      `[${a.rows}, ${a.cols}] times [${b.rows}, ${b.cols}]`,
      'Transpose one of them?',
    )
  }
  const n = b.cols
  const out = new Float64Array(a.rows * n)
  const rowOfB = (k: number): Float64Array => b.data.subarray(k * n, (k + 1) * n)
  // Four rows of b at a time: they are read once for all of a, and each pass over a row of the result adds all four.
  const whole = a.cols - (a.cols % 4)
  for (let k = 0; k < whole; k += 4) {
    const [b0, b1, b2, b3] = [rowOfB(k), rowOfB(k + 1), rowOfB(k + 2), rowOfB(k + 3)]
    for (let i = 0; i < a.rows; i++) {
      const at = i * a.cols + k
      const a0 = a.data[at]
      const a1 = a.data[at + 1]
      const a2 = a.data[at + 2]
      const a3 = a.data[at + 3]
      const row = out.subarray(i * n, (i + 1) * n)
      for (let j = 0; j < n; j++) row[j] += a0 * b0[j] + a1 * b1[j] + a2 * b2[j] + a3 * b3[j]
    }
  }
  for (let k = whole; k < a.cols; k++) {
    for (let i = 0; i < a.rows; i++) addScaled(out.subarray(i * n, (i + 1) * n), a.data[i * a.cols + k], rowOfB(k))
  }
  return { rows: a.rows, cols: n, data: out }
}

/** @throws NonFiniteError naming the first element that is NaN or infinite */
export function assertFinite(where: string, a: Matrix): void {
  const index = a.data.findIndex((value) => !Number.isFinite(value))
  if (index >= 0) throw new NonFiniteError(where, Math.floor(index / a.cols), index % a.cols, a.data[index])
}
