import { NotPositiveDefiniteError, NotSquareError } from './linalg-error.js'
import { assertFinite, type Matrix } from './matrix.js'

/**
 * Cholesky factorisation of a symmetric positive definite matrix: A = L Lᵀ with L lower triangular and a positive diagonal.
 * Only the lower triangle of A is read. Row by row (Cholesky-Banachiewicz; Golub & Van Loan, Matrix Computations, 4th ed.,
 * section 4.2), so every inner product runs over contiguous memory.
 *
 * @param a  [N, N]
 * @returns  L, [N, N], zeros above the diagonal
 * @throws NotSquareError, NonFiniteError, NotPositiveDefiniteError (with the index of the failing pivot)
 */
export function cholesky(a: Matrix): Matrix {
  const n = a.rows
  if (a.cols !== n) throw new NotSquareError('cholesky', a.rows, a.cols)
  assertFinite('cholesky', a)
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a.data[i * n + j]
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k]
      if (j < i) l[i * n + j] = sum / l[j * n + j]
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum)
      else throw new NotPositiveDefiniteError('cholesky', i, sum)
    }
  }
  return { rows: n, cols: n, data: l }
}
