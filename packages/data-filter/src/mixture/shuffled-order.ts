/**
 * Rounds of the network. Four make a pseudorandom permutation of a large set (Luby and Rackoff 1988); sets of a handful need more until
 * anything is as likely to come anywhere: with 8 rounds a source of 5 windows shows a bias of some percent, with 24 none is seen.
 */
const ROUNDS = 24

/**
 * Orders of `size` things, one for each epoch, computed place by place: nothing is stored, whatever the size (below 2^53). The same
 * seed, name and epoch give the same order everywhere.
 *
 * Each is a keyed bijection: a Feistel network over the numbers below a b, the least such product with a near b that is at least `size`,
 * walked on until it falls below `size` (Black and Rogaway 2002, Ciphers with arbitrary finite domains). It mixes as a shuffle does,
 * but is not drawn evenly from all orders, and is no cipher: its round function is a 32-bit hash.
 */
export function shuffledOrder(size: number, seed: number, name: string): (epoch: number, place: number) => number {
  const a = Math.ceil(Math.sqrt(size))
  const b = Math.ceil(size / a)
  let base = mix((seed % 2 ** 32) ^ mix(Math.floor(seed / 2 ** 32) + 0x9e3779b9))
  for (let i = 0; i < name.length; i++) base = mix(base ^ (name.charCodeAt(i) + 0x10000 * (i & 0xffff)))
  const keys = new Uint32Array(ROUNDS)
  let keyed = -1
  return (epoch, place) => {
    if (epoch !== keyed) {
      for (let round = 0; round < ROUNDS; round++) keys[round] = mix(mix(base + epoch) + round * 0x9e3779b9)
      keyed = epoch
    }
    let value = place
    do {
      let low = value % a
      let high = (value - low) / a
      for (let round = 0; round < ROUNDS; round += 2) {
        low = (low + mix(high ^ (keys[round] as number))) % a
        high = (high + mix(low ^ (keys[round + 1] as number))) % b
      }
      value = low + a * high
    } while (value >= size)
    return value
  }
}

/** A bijection of 32-bit numbers in which every bit depends on all: murmur3's finaliser. */
function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
