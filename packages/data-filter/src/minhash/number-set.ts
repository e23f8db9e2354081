/** A set of the numbers from 0 to before a length: one bit each. */
export interface NumberSet {
  has(number: number): boolean
  /** False where it was in the set already. */
  add(number: number): boolean
}

export function numberSet(length: number): NumberSet {
  const bits = new Uint8Array(Math.ceil(length / 8))
  const has = (number: number) => ((bits[number >>> 3] as number) & (1 << (number & 7))) !== 0
  return {
    has,
    add(number) {
      if (has(number)) return false
      bits[number >>> 3] = (bits[number >>> 3] as number) | (1 << (number & 7))
      return true
    },
  }
}
