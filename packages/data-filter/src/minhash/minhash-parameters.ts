/**
 * The constants of the hash functions h_k(x) = ((x a_k + b_k) mod 2^64) mod (2^61 - 1), as 64-bit words: element 2k has the low
 * half of the k-th, element 2k + 1 the high half.
 */
export interface MinhashParameters {
  readonly count: number
  /** In [1, 2^61 - 2].  [2 count] */
  readonly a: Uint32Array
  /** In [0, 2^61 - 2].  [2 count] */
  readonly b: Uint32Array
}

/**
 * The parameters that datatrove (src/datatrove/pipeline/dedup/minhash.py) draws with numpy:
 * `RandomState(seed).randint(1, 2**61 - 1, count, uint64)` and then `randint(0, 2**61 - 1, count, uint64)`.
 * numpy's legacy randint takes 64-bit draws, masks them to the bits of the range and draws again above it.
 * @param seed a whole number in [0, 2^32)
 */
export function minhashParameters(seed: number, count: number): MinhashParameters {
  const next32 = mersenneTwister(seed)
  const draw = (first: 0 | 1): Uint32Array => {
    const values = new Uint32Array(2 * count)
    // The range has 2^61 - 1 - first values, from 0 on; `first` is added afterwards.
    const largestLow = 0xfffffffe - first
    for (let k = 0; k < count; k++) {
      let high: number
      let low: number
      do {
        high = next32() & 0x1fffffff
        low = next32()
      } while (high === 0x1fffffff && low > largestLow)
      const carried = low + first
      values[2 * k] = carried
      values[2 * k + 1] = high + (carried > 0xffffffff ? 1 : 0)
    }
    return values
  }
  return { count, a: draw(1), b: draw(0) }
}

const STATE = 624
const SHIFT = 397

/**
 * MT19937, seeded as `init_genrand` does: Matsumoto & Nishimura 1998, "Mersenne Twister", with the initialisation of
 * 2002-01-26, http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/MT2002/emt19937ar.html.
 * @returns a function that gives the next whole number in [0, 2^32)
 */
export function mersenneTwister(seed: number): () => number {
  const state = new Uint32Array(STATE)
  state[0] = seed
  for (let i = 1; i < STATE; i++) {
    const before = state[i - 1] as number
    state[i] = Math.imul(before ^ (before >>> 30), 1812433253) + i
  }
  let at = STATE
  const refill = () => {
    for (let i = 0; i < STATE; i++) {
      const joined = ((state[i] as number) & 0x80000000) | ((state[(i + 1) % STATE] as number) & 0x7fffffff)
      state[i] = (state[(i + SHIFT) % STATE] as number) ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0)
    }
    at = 0
  }
  return () => {
    if (at === STATE) refill()
    let y = state[at++] as number
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }
}
