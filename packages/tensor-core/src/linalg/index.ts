export { cholesky } from './cholesky.js'
export { type Eigh, eigh } from './eigh.js'
export {
  LinalgError,
  MatrixShapeError,
  NoConvergenceError,
  NonFiniteError,
  NotPositiveDefiniteError,
  NotSquareError,
  NotSymmetricError,
  SingularMatrixError,
} from './linalg-error.js'
export { identityMatrix, type Matrix, matrix, matrixFromRows, matrixToRows, multiply, transpose } from './matrix.js'
export { type Qr, type QrOptions, qr } from './qr.js'
export { type RandomizedSvdOptions, randomizedSvd } from './randomized-svd.js'
export { type Svd, svd } from './svd.js'
export { type TriangularSolveOptions, triangularSolve } from './triangular-solve.js'
