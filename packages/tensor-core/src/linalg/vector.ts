/** target += factor * source, over target's length. */
export function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  for (let j = 0; j < target.length; j++) target[j] += factor * source[j]
}

/** The inner product over a's length. Four partial sums, because one chain of additions would wait for each of them. */
export function dot(a: Float64Array, b: Float64Array): number {
  const n = a.length
  const whole = n - (n % 4)
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let j = 0; j < whole; j += 4) {
    s0 += a[j] * b[j]
    s1 += a[j + 1] * b[j + 1]
    s2 += a[j + 2] * b[j + 2]
    s3 += a[j + 3] * b[j + 3]
  }
  for (let j = whole; j < n; j++) s0 += a[j] * b[j]
  return s0 + s1 + (s2 + s3)
}

/** target *= factor. */
export function scaleInPlace(target: Float64Array, factor: number): void {
  for (let j = 0; j < target.length; j++) target[j] *= factor
}

/** The rotation [a'; b'] = [c s; -s c] [a; b] of two rows, in place. */
export function rotateRows(a: Float64Array, b: Float64Array, c: number, s: number): void {
  for (let j = 0; j < a.length; j++) {
    const x = a[j]
    const y = b[j]
    a[j] = c * x + s * y
    b[j] = c * y - s * x
  }
}
