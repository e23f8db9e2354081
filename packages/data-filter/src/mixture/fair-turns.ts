/** A period of turns in which everybody gets a share, spread as evenly as can be. */
export interface FairTurns {
  /** Whose turn it is. [period] */
  readonly taker: Uint16Array
  /** The how-manieth of its taker's turns in this period it is, from 0. [period] */
  readonly rank: Uint32Array
}

/**
 * Deals out turns so that after any number n of them everybody has had share / period of n to within less than one turn: 1 - 1 / (2k - 2)
 * for k takers. R. Tijdeman 1980, The chairman assignment problem, Discrete Mathematics 32: of those that are owed at least
 * 1 / (2k - 2) of a turn, the one takes it that could wait least. All arithmetic is in whole numbers below 2^53.
 * @param shares whole numbers of turns; the period is their sum, at most 2^20
 */
export function fairTurns(shares: readonly number[]): FairTurns {
  const period = shares.reduce((sum, share) => sum + share, 0)
  const parts = Math.max(1, 2 * shares.length - 2)
  const taker = new Uint16Array(period)
  const rank = new Uint32Array(period)
  const taken = new Array<number>(shares.length).fill(0)
  for (let turn = 0; turn < period; turn++) {
    let next = -1
    let leastWait = Number.POSITIVE_INFINITY
    for (let s = 0; s < shares.length; s++) {
      const share = shares[s] as number
      // What is owed with this turn, in turns times the period.
      const owed = share * (turn + 1) - (taken[s] as number) * period
      if (share === 0 || owed * parts < period) continue
      const wait = (period * (parts - 1) - owed * parts) / share
      if (wait < leastWait) {
        leastWait = wait
        next = s
      }
    }
    taker[turn] = next
    rank[turn] = taken[next] as number
    taken[next] = (taken[next] as number) + 1
  }
  return { taker, rank }
}
