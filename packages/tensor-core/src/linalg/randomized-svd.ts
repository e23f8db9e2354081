import { threefryBits } from '../random/threefry.js'
import { MatrixShapeError } from './linalg-error.js'
import { assertFinite, type Matrix, multiply, transpose } from './matrix.js'
import { qr } from './qr.js'
import { type Svd, svd } from './svd.js'

export interface RandomizedSvdOptions {
  /** How many singular triples to return, K, between 0 and min(M, N). */
  readonly rank: number
  /** Extra random directions; 5 to 10 is the paper's advice (section 4.2). Default 10. */
  readonly oversampling?: number
  /** Power iterations: each multiplies the decay of the spectrum by two orders (section 4.5). Default 2. */
  readonly powerIterations?: number
  /** The same seed gives the same result, an unsigned 32-bit integer. Default 0. */
  readonly seed?: number
}

/**
 * The leading K singular triples of a large matrix from a random sketch of its range.
 * Source: Halko, Martinsson & Tropp 2011, https://arxiv.org/abs/0909.4061, algorithms 4.4 (subspace iteration, with an
 * orthonormalisation at every half step) and 5.1. The expected error is close to the (K + 1)-th singular value (eq. 1.8).
 *
 * @param a  [M, N]
 * @returns  u [M, K], s [K], vt [K, N]
 * @throws NonFiniteError, MatrixShapeError when an option is outside its range
 */
export function randomizedSvd(a: Matrix, options: RandomizedSvdOptions): Svd {
  const { rank, oversampling = 10, powerIterations = 2, seed = 0 } = options
  const smaller = Math.min(a.rows, a.cols)
  checkInteger('rank', rank, smaller)
  checkInteger('oversampling', oversampling, Number.MAX_SAFE_INTEGER)
  checkInteger('powerIterations', powerIterations, Number.MAX_SAFE_INTEGER)
  checkInteger('seed', seed, 2 ** 32 - 1)
  assertFinite('randomizedSvd', a)

  const sketch = gaussianMatrix(a.cols, Math.min(smaller, rank + oversampling), seed)
  const at = transpose(a)
  let q = qr(multiply(a, sketch)).q // [M, L]
  for (let i = 0; i < powerIterations; i++) {
    const z = qr(multiply(at, q)).q // [N, L]
    q = qr(multiply(a, z)).q
  }
  const small = svd(multiply(transpose(q), a)) // [L, N]
  return {
    u: multiply(q, leadingColumns(small.u, rank)),
    s: small.s.slice(0, rank),
    vt: { rows: rank, cols: a.cols, data: small.vt.data.slice(0, rank * a.cols) },
  }
}

function checkInteger(name: string, value: number, limit: number): void {
  if (Number.isSafeInteger(value) && value >= 0 && value <= limit) return
  throw new MatrixShapeError(
    'randomizedSvd',
    `${name} as an integer between 0 and ${limit}`,
    String(value),
    name === 'rank' ? 'A matrix has no more singular values than its smaller side.' : 'Pass a whole number.',
  )
}

function leadingColumns(a: Matrix, count: number): Matrix {
  const data = new Float64Array(a.rows * count)
  for (let i = 0; i < a.rows; i++) data.set(a.data.subarray(i * a.cols, i * a.cols + count), i * count)
  return { rows: a.rows, cols: count, data }
}

/** Standard normal numbers by Box and Muller's transform (1958) of counter-based bits. */
function gaussianMatrix(rows: number, cols: number, seed: number): Matrix {
  const data = Float64Array.from({ length: rows * cols }, (_, i) => {
    const radius = (threefryBits(0, seed, 2 * i) + 1) / 2 ** 32 // (0, 1]: its logarithm is finite
    const angle = threefryBits(0, seed, 2 * i + 1) / 2 ** 32
    return Math.sqrt(-2 * Math.log(radius)) * Math.cos(2 * Math.PI * angle)
  })
  return { rows, cols, data }
}
