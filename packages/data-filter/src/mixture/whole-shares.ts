/** The longest period: its table has 6 bytes a turn. */
const LONGEST = 2 ** 20
/** Far below what a run's number of windows could make a window of. */
const EXACT = 1e-13

/**
 * Weights as whole numbers of turns in a period. Exact in the shortest period that can say them, as decimals' can. Else the period
 * is the run itself where it has at most 2^20 windows, each weight rounded by the largest remainders, or 2^20 turns, which is
 * within a millionth of the run. Weights add up to 1.
 */
export function wholeShares(weights: readonly number[], windows: number): number[] {
  for (let period = 1; period <= LONGEST; period++) {
    if (weights.every((weight) => Math.abs(weight - Math.round(weight * period) / period) < EXACT)) {
      const shares = weights.map((weight) => Math.round(weight * period))
      if (shares.reduce((sum, share) => sum + share, 0) === period) return shares
    }
  }
  return largestRemainders(weights, Math.min(windows, LONGEST))
}

/** Whole numbers that add up to `total`, each the weight's part of it rounded down or up: up where the most is missing. */
function largestRemainders(weights: readonly number[], total: number): number[] {
  const shares = weights.map((weight) => Math.floor(weight * total))
  const missing = total - shares.reduce((sum, share) => sum + share, 0)
  const remainder = (s: number) => (weights[s] as number) * total - Math.floor((weights[s] as number) * total)
  const order = weights.map((_, s) => s).sort((a, b) => remainder(b) - remainder(a) || a - b)
  for (const s of order.slice(0, missing)) shares[s] = (shares[s] as number) + 1
  return shares
}
