import { NoConvergenceError, NotSquareError, NotSymmetricError } from './linalg-error.js'
import { assertFinite, type Matrix } from './matrix.js'
import { householder, reflect } from './qr.js'
import { toUnitScale } from './unit-scale.js'
import { addScaled, dot, rotateRows } from './vector.js'

export interface Eigh {
  /** Eigenvalues, rising, [N]. */
  readonly values: Float64Array
  /** Orthonormal eigenvectors as columns, in the order of the values, [N, N]. */
  readonly vectors: Matrix
}

/** Rounding of a float32 product may leave this much asymmetry, relative to the largest magnitude. */
const SYMMETRY_TOLERANCE = 1e-6
const MAX_STEPS_PER_VALUE = 60
/** Off-diagonals this small, in a matrix scaled to 1, are zero even between zeros. */
const ZERO = 1e-150

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, A = V diag(values) Vᵀ: Householder tridiagonalisation, then the
 * implicit symmetric QR iteration with Wilkinson's shift (Golub & Van Loan, 4th ed., algorithms 8.3.1 to 8.3.3).
 * The average of both triangles is used; errors are about machine epsilon times the largest |eigenvalue|.
 *
 * @param a  [N, N]
 * @throws NotSquareError, NonFiniteError, NotSymmetricError (beyond 1e-6 of the largest magnitude)
 */
export function eigh(a: Matrix): Eigh {
  const n = a.rows
  if (a.cols !== n) throw new NotSquareError('eigh', a.rows, a.cols)
  assertFinite('eigh', a)
  const { data, scale } = toUnitScale(a)
  const rows = Array.from({ length: n }, (_, i) => data.subarray(i * n, (i + 1) * n))
  symmetrize(a, rows)

  const reflectors = tridiagonalize(rows)
  const diagonal = Float64Array.from(rows, (row, i) => row[i])
  const offDiagonal = Float64Array.from({ length: Math.max(0, n - 1) }, (_, i) => rows[i + 1][i])
  // Rows of Qᵀ with A = Q T Qᵀ and Q = H0 H1 ...; reflector k acts on coordinates k + 1 and up.
  const qt = Array.from({ length: n }, (_, j) => {
    const column = new Float64Array(n)
    column[j] = 1
    for (let k = Math.min(reflectors.length, j) - 1; k >= 0; k--) reflect(column.subarray(k + 1), reflectors[k])
    return column
  })
  diagonalize(diagonal, offDiagonal, qt)

  const order = qt.map((_, i) => i).sort((i, j) => diagonal[i] - diagonal[j] || i - j)
  const vectors = new Float64Array(n * n)
  order.forEach((source, k) => {
    for (let i = 0; i < n; i++) vectors[i * n + k] = qt[source][i]
  })
  return { values: Float64Array.from(order, (i) => diagonal[i] * scale), vectors: { rows: n, cols: n, data: vectors } }
}

function symmetrize(a: Matrix, rows: Float64Array[]): void {
  let largest = 0
  for (const row of rows) for (const value of row) largest = Math.max(largest, Math.abs(value))
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < i; j++) {
      if (Math.abs(rows[i][j] - rows[j][i]) > SYMMETRY_TOLERANCE * largest) {
        throw new NotSymmetricError('eigh', i, j, a.data[i * a.cols + j], a.data[j * a.cols + i])
      }
      rows[i][j] = rows[j][i] = (rows[i][j] + rows[j][i]) / 2
    }
  }
}

/** Makes the symmetric rows tridiagonal in place; returns the reflectors. */
function tridiagonalize(rows: Float64Array[]): Float64Array[] {
  const n = rows.length
  const reflectors: Float64Array[] = []
  for (let k = 0; k + 2 < n; k++) {
    const x = rows[k].subarray(k + 1)
    const { v, first } = householder(x)
    reflectors.push(v)
    x.fill(0)[0] = first
    for (let i = k + 1; i < n; i++) rows[i][k] = rows[k][i]
    // (I - v vᵀ) B (I - v vᵀ) = B - v wᵀ - w vᵀ  with  p = B v,  w = p - v (p·v) / 2
    const w = Float64Array.from(v, (_, i) => dot(v, rows[k + 1 + i].subarray(k + 1)))
    addScaled(w, -dot(w, v) / 2, v)
    for (let i = 0; i < v.length; i++) {
      const row = rows[k + 1 + i].subarray(k + 1)
      addScaled(row, -v[i], w)
      addScaled(row, -w[i], v)
    }
  }
  return reflectors
}

/** QR iteration on the tridiagonal matrix (d, e); rotates the rows of qt along. On return d holds the eigenvalues. */
function diagonalize(d: Float64Array, e: Float64Array, qt: Float64Array[]): void {
  let end = d.length - 1
  let steps = 0
  while (end > 0) {
    for (let i = 0; i < end; i++) {
      const negligible = Number.EPSILON * (Math.abs(d[i]) + Math.abs(d[i + 1]))
      if (Math.abs(e[i]) <= Math.max(negligible, ZERO)) e[i] = 0
    }
    if (e[end - 1] === 0) {
      end--
      steps = 0
      continue
    }
    if (++steps > MAX_STEPS_PER_VALUE) throw new NoConvergenceError('eigh', MAX_STEPS_PER_VALUE, 'steps a value')
    let start = end - 1
    while (start > 0 && e[start - 1] !== 0) start--
    qrStep(d, e, qt, start, end)
  }
}

/** One implicit QR step on the unreduced block start..end. */
function qrStep(d: Float64Array, e: Float64Array, qt: Float64Array[], start: number, end: number): void {
  const half = (d[end - 1] - d[end]) / 2
  const last = e[end - 1]
  const shift = d[end] - last / (half / last + (half / last < 0 ? -1 : 1) * Math.hypot(half / last, 1))
  let x = d[start] - shift
  let z = e[start]
  for (let k = start; k < end; k++) {
    const r = Math.hypot(x, z)
    const c = r === 0 ? 1 : x / r
    const s = r === 0 ? 0 : z / r
    const a = d[k]
    const b = e[k]
    const g = d[k + 1]
    if (k > start) e[k - 1] = r
    d[k] = c * c * a + 2 * c * s * b + s * s * g
    d[k + 1] = s * s * a - 2 * c * s * b + c * c * g
    e[k] = c * s * (g - a) + (c * c - s * s) * b
    rotateRows(qt[k], qt[k + 1], c, s)
    if (k + 1 < end) {
      x = e[k]
      z = s * e[k + 1]
      e[k + 1] *= c
    }
  }
}
