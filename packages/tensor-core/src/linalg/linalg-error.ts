import { TensorError } from '../errors.js'

/** Base of the errors of host linear algebra. The message reads `where: expected ..., got .... What to do.` */
export class LinalgError extends TensorError {}

/** Sizes that do not fit: a data length, ragged rows, inner dimensions, a rank outside its range. */
export class MatrixShapeError extends LinalgError {}

/** A square matrix was needed. */
export class NotSquareError extends LinalgError {
  constructor(where: string, rows: number, cols: number) {
    super(where, 'a square matrix', `[${rows}, ${cols}]`, 'Pass a matrix with as many rows as columns.')
  }
}

/** A symmetric matrix was needed. */
export class NotSymmetricError extends LinalgError {
  constructor(
    where: string,
    readonly row: number,
    readonly column: number,
    value: number,
    mirrored: number,
  ) {
    super(
      where,
      'a symmetric matrix',
      `${value} at [${row}, ${column}] and ${mirrored} at [${column}, ${row}]`,
      'Average it with its transpose if the difference is only rounding.',
    )
  }
}

/** The Cholesky factorisation met a pivot that is zero or negative. `pivot` is its index, from 0. */
export class NotPositiveDefiniteError extends LinalgError {
  constructor(
    where: string,
    readonly pivot: number,
    value: number,
  ) {
    super(
      where,
      'a positive definite matrix',
      `pivot ${value} at index ${pivot}`,
      'Add a small multiple of the identity (damping) or drop dependent rows.',
    )
  }
}

/** A triangular matrix has a zero on its diagonal. `pivot` is its index, from 0. */
export class SingularMatrixError extends LinalgError {
  constructor(
    where: string,
    readonly pivot: number,
  ) {
    super(
      where,
      'a triangular matrix without zeros on its diagonal',
      `0 at index ${pivot}`,
      'Use svd and drop the null space if the system is singular by nature.',
    )
  }
}

/** The input holds NaN or an infinity. */
export class NonFiniteError extends LinalgError {
  constructor(
    where: string,
    readonly row: number,
    readonly column: number,
    value: number,
  ) {
    super(
      where,
      'finite numbers',
      `${value} at [${row}, ${column}]`,
      'Find the step that produced it before this call.',
    )
  }
}

/** An iteration did not converge within its limit. */
export class NoConvergenceError extends LinalgError {
  constructor(where: string, limit: number, unit: string) {
    super(
      where,
      `convergence within ${limit} ${unit}`,
      'no convergence',
      'Please report the matrix: finite input should never reach this.',
    )
  }
}
