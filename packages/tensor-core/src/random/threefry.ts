/**
 * Threefry-2x32 with 20 rounds: a counter-based random function. Equal keys and counters give equal bits everywhere.
 * Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", section 4.1 and table 2,
 * https://doi.org/10.1145/2063384.2063405. This is the reference that every backend's kernel is tested against.
 *
 * Conventions of this library. A key is two 32-bit words; the first counter word says what is derived, so that the
 * three uses of one key never meet:
 *
 * - the 32 bits of element i of a draw are x0 ^ x1 of `threefry2x32(key, (0, i))`
 * - `split(key, n)[i]` is `threefry2x32(key, (1, i))`
 * - `foldIn(key, d)` is `threefry2x32(key, (2, d))`
 *
 * All four words are taken modulo 2^32.
 * @returns two words, each in [0, 2^32)
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number): [number, number] {
  const keys = [key0 | 0, key1 | 0, KEY_PARITY ^ key0 ^ key1]
  let x0 = (counter0 + keys[0]) | 0
  let x1 = (counter1 + keys[1]) | 0
  for (let group = 1; group <= 5; group++) {
    // Four rounds, then the next two key words and the number of the injection.
    for (const rotation of ROTATIONS[(group - 1) % 2]) {
      x0 = (x0 + x1) | 0
      x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0
    }
    x0 = (x0 + keys[group % 3]) | 0
    x1 = (x1 + keys[(group + 1) % 3] + group) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

/** Rotation distances R_32x2 of the paper's table 2, rounds 0..3 and 4..7, then again. */
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const

/** C240 of the paper, its 32-bit form (Skein's SKEIN_KS_PARITY32). */
const KEY_PARITY = 0x1bd11bda

/** The 32 random bits of element `index` of a draw with this key, in [0, 2^32). */
export function threefryBits(key0: number, key1: number, index: number): number {
  const [x0, x1] = threefry2x32(key0, key1, 0, index)
  return (x0 ^ x1) >>> 0
}
