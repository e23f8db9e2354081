/**
 * Inputs of the golden files, made by the integer formula that `packages/tensor-core/test/goldens/golden_inputs.py`
 * states, so that no JSON stores them. Every value is exact in float32.
 */
function hash32(x: number): number {
  const a = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  const b = Math.imul(a ^ (a >>> 15), 0x846ca68b)
  return (b ^ (b >>> 16)) >>> 0
}

/** The 32-bit integer at row-major position i of the input with this seed. */
export function goldenElement(seed: number, i: number): number {
  return hash32((hash32(seed) + i) >>> 0)
}

/** `length` numbers in [offset - scale, offset + scale). */
export function goldenValues(seed: number, length: number, scale = 1, offset = 0): Float32Array {
  return Float32Array.from({ length }, (_, i) => offset + (((goldenElement(seed, i) >>> 16) - 32768) / 32768) * scale)
}

/** `length` integers in [0, below). */
export function goldenIntegers(seed: number, length: number, below: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => goldenElement(seed, i) % below)
}
