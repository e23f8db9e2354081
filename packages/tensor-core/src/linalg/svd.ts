import { NoConvergenceError } from './linalg-error.js'
import { assertFinite, type Matrix, transpose } from './matrix.js'
import { householder, qr, reflect } from './qr.js'
import { toUnitScale } from './unit-scale.js'
import { dot, rotateRows } from './vector.js'

/** A = U diag(s) Vᵀ with K = min(M, N). */
export interface Svd {
  /** Left singular vectors as columns, [M, K]. */
  readonly u: Matrix
  /** Singular values, falling, >= 0, [K]. */
  readonly s: Float64Array
  /** Right singular vectors as rows, [K, N]. */
  readonly vt: Matrix
}

const MAX_SWEEPS = 60
/** Below this norm (the matrix is scaled to 1) squares of elements underflow: the row counts as zero. */
const ZERO_NORM = 1e-140

/**
 * Thin singular value decomposition by one-sided Jacobi rotations on the triangular factor of a pivoted QR:
 * the rows of R are made orthogonal, which converges in a few sweeps and keeps small singular values accurate.
 * Source: Drmač & Veselić 2008, "New fast and accurate Jacobi SVD algorithm I", https://doi.org/10.1137/050639193;
 * rotations as in Golub & Van Loan, 4th ed., section 8.6.3.
 *
 * @param a  [M, N], wide, tall, rank deficient or empty
 * @throws NonFiniteError
 */
export function svd(a: Matrix): Svd {
  assertFinite('svd', a)
  if (a.rows < a.cols) {
    const { u, s, vt } = svd(transpose(a))
    return { u: transpose(vt), s, vt: transpose(u) }
  }
  const m = a.rows
  const n = a.cols
  const { data, scale } = toUnitScale(a)
  const { q, r, permutation } = qr({ rows: m, cols: n, data }, { pivot: true })

  // W R = diag(s) Zᵀ with W orthogonal, so A P = Q R = (Q Wᵀ) diag(s) Zᵀ.
  const zt = Array.from({ length: n }, (_, i) => r.data.slice(i * n, (i + 1) * n))
  const w = Array.from({ length: n }, (_, i) => new Float64Array(n).fill(1, i, i + 1))
  orthogonalizeRows(zt, w)

  const norms = zt.map((row) => Math.sqrt(dot(row, row)))
  const order = norms.map((_, i) => i).sort((i, j) => norms[j] - norms[i] || i - j)
  const rank = norms.filter((norm) => norm > ZERO_NORM).length
  const basis = order.slice(0, rank).map((i) => zt[i].map((value) => value / norms[i]))
  completeOrthonormalRows(basis, n)

  const s = Float64Array.from(order, (i, k) => (k < rank ? norms[i] * scale : 0))
  const vt = new Float64Array(n * n)
  basis.forEach((row, k) => {
    for (let j = 0; j < n; j++) vt[k * n + permutation[j]] = row[j]
  })
  const u = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    const left = q.data.subarray(i * n, (i + 1) * n)
    for (let k = 0; k < n; k++) u[i * n + k] = dot(left, w[order[k]])
  }
  return { u: { rows: m, cols: n, data: u }, s, vt: { rows: n, cols: n, data: vt } }
}

/** Rotates pairs of rows until all are orthogonal, and applies the same rotations to the rows of w. */
function orthogonalizeRows(rows: Float64Array[], w: Float64Array[]): void {
  const n = rows.length
  const tolerance = Number.EPSILON * Math.sqrt(n)
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false
    // Squared norms follow the rotations within a sweep and are computed afresh for each one.
    const squared = Float64Array.from(rows, (row) => dot(row, row))
    for (let i = 0; i < n - 1; i++) {
      for (let j = i + 1; j < n; j++) {
        const limit = Math.sqrt(squared[i]) * Math.sqrt(squared[j])
        if (!(limit > ZERO_NORM * ZERO_NORM)) continue
        const product = dot(rows[i], rows[j])
        if (Math.abs(product) <= tolerance * limit) continue
        rotated = true
        const zeta = (squared[j] - squared[i]) / (2 * product)
        const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta))
        const c = 1 / Math.sqrt(1 + t * t)
        rotateRows(rows[i], rows[j], c, -c * t)
        rotateRows(w[i], w[j], c, -c * t)
        squared[i] -= t * product
        squared[j] += t * product
      }
    }
    if (!rotated) return
  }
  throw new NoConvergenceError('svd', MAX_SWEEPS, 'sweeps')
}

/** Appends unit rows orthogonal to all others until there are `count`: a null space's basis is free. */
function completeOrthonormalRows(rows: Float64Array[], count: number): void {
  if (rows.length === count) return
  const given = rows.length
  const length = count
  // Reflectors of the given rows; the images of the remaining unit vectors complete the basis.
  const reflectors: Float64Array[] = []
  for (let k = 0; k < given; k++) {
    const x = rows[k].slice()
    reflectors.forEach((v, i) => {
      reflect(x.subarray(i), v)
    })
    reflectors.push(householder(x.subarray(k)).v)
  }
  for (let k = given; k < count; k++) {
    const x = new Float64Array(length)
    x[k] = 1
    for (let i = given - 1; i >= 0; i--) reflect(x.subarray(i), reflectors[i])
    rows.push(x)
  }
}
