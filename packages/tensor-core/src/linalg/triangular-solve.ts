import { MatrixShapeError, NotSquareError, SingularMatrixError } from './linalg-error.js'
import { assertFinite, type Matrix } from './matrix.js'
import { addScaled } from './vector.js'

export interface TriangularSolveOptions {
  /** Which triangle of the matrix is read; the other one may hold anything finite. */
  readonly triangle: 'lower' | 'upper'
  /** Solve with the transpose of that triangle. Default false. */
  readonly transpose?: boolean
  /** Take the diagonal as ones, whatever is stored there. Default false. */
  readonly unitDiagonal?: boolean
}

/**
 * Solves T X = B, or Tᵀ X = B, by substitution, for any number of right-hand sides.
 * The solve is columnwise backward stable (Golub & Van Loan, 4th ed., section 3.1).
 *
 * @param t  triangular, [N, N]
 * @param b  right-hand sides as columns, [N, K]
 * @returns  X, [N, K]
 * @throws NotSquareError, MatrixShapeError, NonFiniteError, SingularMatrixError (with the index of the zero pivot)
 */
export function triangularSolve(t: Matrix, b: Matrix, options: TriangularSolveOptions): Matrix {
  const where = 'triangularSolve'
  const n = t.rows
  if (t.cols !== n) throw new NotSquareError(where, t.rows, t.cols)
  if (b.rows !== n) {
    throw new MatrixShapeError(where, `b with ${n} rows`, `[${b.rows}, ${b.cols}]`, 'Right-hand sides are columns.')
  }
  assertFinite(where, t)
  assertFinite(where, b)
  const { triangle, transpose = false, unitDiagonal = false } = options
  const k = b.cols
  const x = b.data.slice()
  const row = (i: number): Float64Array => x.subarray(i * k, (i + 1) * k)
  const divideByPivot = (i: number): void => {
    if (unitDiagonal) return
    const pivot = t.data[i * n + i]
    if (pivot === 0) throw new SingularMatrixError(where, i)
    for (let c = i * k; c < (i + 1) * k; c++) x[c] /= pivot
  }
  // Lower and upper-transposed run from the first unknown to the last, the others backwards.
  const forward = (triangle === 'lower') !== transpose
  for (let step = 0; step < n; step++) {
    const i = forward ? step : n - 1 - step
    const target = row(i)
    if (!transpose) {
      // Row i of T meets the unknowns already solved.
      for (let s = 0; s < step; s++) {
        const j = forward ? s : n - 1 - s
        addScaled(target, -t.data[i * n + j], row(j))
      }
      divideByPivot(i)
    } else {
      // Row i of T is column i of Tᵀ: push the solved unknown into the equations that remain.
      divideByPivot(i)
      for (let s = step + 1; s < n; s++) {
        const j = forward ? s : n - 1 - s
        addScaled(row(j), -t.data[i * n + j], target)
      }
    }
  }
  return { rows: n, cols: k, data: x }
}
