/** target += factor * source, over target's length. */
export function addScaled(target: Float64Array, factor: number, source: Float64Array): void {
  for (let j = 0; j < target.length; j++) target[j] += factor * source[j]
}

/** The inner product over a's length, summed from the lowest index. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j]
  return sum
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
