import { assertFinite, type Matrix } from './matrix.js'
import { toUnitScale } from './unit-scale.js'
import { addScaled, dot, scaleInPlace } from './vector.js'

export interface QrOptions {
  /** 'thin': Q is [M, min(M, N)] and R is [min(M, N), N]. 'full': Q is [M, M] and R is [M, N]. Default 'thin'. */
  readonly mode?: 'thin' | 'full'
  /** Choose the remaining column of largest norm at each step, so that |R[i, i]| falls: it reveals the rank. Default false. */
  readonly pivot?: boolean
}

export interface Qr {
  /** Orthonormal columns. */
  readonly q: Matrix
  /** Upper triangular (trapezoidal when wide). The signs of its diagonal are not normalised. */
  readonly r: Matrix
  /** Column j of Q R is column `permutation[j]` of A. The identity without pivoting. */
  readonly permutation: Int32Array
}

/**
 * QR factorisation by Householder reflections: A P = Q R (Golub & Van Loan, 4th ed., section 5.2; column pivoting 5.4.2).
 *
 * @param a  [M, N], wide, tall, rank deficient or empty
 * @throws NonFiniteError
 */
export function qr(a: Matrix, options: QrOptions = {}): Qr {
  assertFinite('qr', a)
  const { mode = 'thin', pivot = false } = options
  const m = a.rows
  const n = a.cols
  const steps = Math.min(m, n)
  const { data, scale } = toUnitScale(a)
  // Columns as contiguous vectors; column j becomes column j of R, its reflector is kept apart.
  const columns = Array.from({ length: n }, (_, j) => Float64Array.from({ length: m }, (_, i) => data[i * n + j]))
  const permutation = Int32Array.from({ length: n }, (_, j) => j)
  const reflectors: Float64Array[] = []

  for (let k = 0; k < steps; k++) {
    if (pivot) swapInLargestColumn(columns, permutation, k)
    const tail = columns[k].subarray(k)
    const { v, first } = householder(tail)
    reflectors.push(v)
    tail.fill(0)[0] = first
    for (let j = k + 1; j < n; j++) reflect(columns[j].subarray(k), v)
  }

  const width = mode === 'full' ? m : steps
  const r = new Float64Array(width * n)
  for (let j = 0; j < n; j++) {
    for (let i = 0; i < Math.min(j + 1, width); i++) r[i * n + j] = columns[j][i] * scale
  }
  // Q = H0 H1 ... applied to the leading columns of the identity, the last reflector first.
  const q = new Float64Array(m * width)
  for (let j = 0; j < width; j++) {
    const column = new Float64Array(m)
    column[j] = 1
    for (let k = Math.min(steps - 1, j); k >= 0; k--) reflect(column.subarray(k), reflectors[k])
    for (let i = 0; i < m; i++) q[i * width + j] = column[i]
  }
  return { q: { rows: m, cols: width, data: q }, r: { rows: width, cols: n, data: r }, permutation }
}

/** Below this norm (matrices are scaled to 1) squares underflow and a reflector would not be orthogonal: the vector counts as zero. */
const ZERO_NORM = 1e-140

/** A reflection I - v vᵀ with |v|² = 2 (or v = 0, the identity) that maps x to `first` times the first unit vector. */
export function householder(x: Float64Array): { v: Float64Array; first: number } {
  const v = x.slice()
  if (x.length === 1) return { v: v.fill(0), first: x[0] }
  const norm = Math.sqrt(dot(x, x))
  if (norm < ZERO_NORM) return { v: v.fill(0), first: 0 }
  // Away from cancellation: the opposite sign of the first element.
  const first = v[0] < 0 ? norm : -norm
  v[0] -= first
  scaleInPlace(v, Math.SQRT2 / Math.sqrt(dot(v, v)))
  return { v, first }
}

/** x -= v (v·x), the reflection by a v with |v|² = 2. */
export function reflect(x: Float64Array, v: Float64Array): void {
  addScaled(x, -dot(v, x), v)
}

// Norms are recomputed at each step: it costs half of the factorisation and needs no downdating rule.
function swapInLargestColumn(columns: Float64Array[], permutation: Int32Array, k: number): void {
  let best = k
  let bestNorm = -1
  for (let j = k; j < columns.length; j++) {
    const tail = columns[j].subarray(k)
    const norm = dot(tail, tail)
    if (norm > bestNorm) {
      best = j
      bestNorm = norm
    }
  }
  const column = columns[k]
  columns[k] = columns[best]
  columns[best] = column
  const index = permutation[k]
  permutation[k] = permutation[best]
  permutation[best] = index
}
