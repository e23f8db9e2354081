/**
 * A small random source for tests, the same on every machine: splitmix32 (Steele, Lea & Flood 2014,
 * https://doi.org/10.1145/2660193.2660195, in its 32-bit form). Not the library's generator, so that a defect there
 * does not hide in the data that tests it.
 */
export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number
  /** Uniform integer in [0, bound). */
  integer(bound: number): number
  /** Standard normal. */
  normal(): number
  /** `length` standard normal numbers as float32. */
  normals(length: number): Float32Array
  /** One element of the list. */
  pick<T>(items: readonly T[]): T
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const bits = (): number => {
    state = (state + 0x9e3779b9) | 0
    let z = state ^ (state >>> 16)
    z = Math.imul(z, 0x21f0aaad)
    z ^= z >>> 15
    z = Math.imul(z, 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
  const next = () => bits() / 2 ** 32
  const normal = () => Math.sqrt(-2 * Math.log((bits() + 1) / 2 ** 32)) * Math.cos(2 * Math.PI * next())
  const integer = (bound: number) => Math.floor(next() * bound)
  return {
    next,
    uniform: (low, high) => low + (high - low) * next(),
    integer,
    normal,
    normals: (length) => Float32Array.from({ length }, normal),
    pick: (items) => items[integer(items.length)],
  }
}
