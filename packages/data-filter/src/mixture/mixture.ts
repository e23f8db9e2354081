import { OptionError } from '../data-filter-error.js'
import { fairTurns } from './fair-turns.js'
import { type MixturePlan, planMixture, type SourceShare } from './plan-mixture.js'
import { shuffledOrder } from './shuffled-order.js'
import { wholeShares } from './whole-shares.js'

export type MixtureSource<Shard extends { readonly tokens: number }> = SourceShare & {
  readonly name: string
  readonly shards: readonly Shard[]
  /** The plan refuses to repeat the source more often. */
  readonly maxEpochs?: number
}

export interface MixtureOptions<Shard extends { readonly tokens: number }> {
  readonly sources: readonly MixtureSource<Shard>[]
  /** The budget. May be left out where all sources have epochs. */
  readonly tokens?: number
  /** T: tokens of a window that are predicted. A window reads one more. */
  readonly window: number
  /** From 0 to 2^53 - 1; 0 unless given. */
  readonly seed?: number
}

/** Where a window's tokens are. */
export interface MixturePlace {
  /** Index of the source. */
  readonly source: number
  readonly epoch: number
  /** Which of the source's windows it is, in the order of its shards. */
  readonly window: number
  /** Index of the shard in the source. */
  readonly shard: number
  /** Where the window begins, in tokens of the shard; it has T + 1. */
  readonly start: number
}

export interface MixedSource<Shard> {
  readonly name: string
  readonly shards: readonly Shard[]
  /** Windows that the run takes from it, repeats among them. */
  readonly windows: number
  /** Windows that it has. */
  readonly uniqueWindows: number
}

export interface Mixture<Shard> {
  readonly plan: MixturePlan
  readonly sources: readonly MixedSource<Shard>[]
  /** T */
  readonly window: number
  /** Windows of the whole run: the budget by T, rounded down. */
  readonly windows: number
  readonly seed: number
  /** The run's i-th window. Throws OptionError beyond the last. */
  at(i: number): MixturePlace
}

/**
 * The order of a training run over several sources, as a function of a number: to go on after a pause is to ask for the next number,
 * and ranks share a run by sharing its numbers. Nothing grows with the budget.
 *
 * A source's windows lie one after another in each shard, T tokens apart; documents are packed, and windows cut across them. Up to T
 * tokens at a shard's end are in none. Whose turn it is follows a fixed pattern and no chance: after any number of windows each source
 * has its weight's part of them, to less than one window (`fairTurns`; for weights that no period of 2^20 turns can say exactly, the
 * nearest that one can). Within a source, each epoch goes through all windows once, in a new order; what is left over of the last epoch
 * is the first part of an order. The orders are computed, not drawn (`shuffledOrder`), and what a window holds is never shuffled: documents
 * that lie beside each other in a shard are read together in every epoch, so shuffle documents when shards are written.
 * With the same sources, weights, T and seed a larger budget goes on where a smaller one ends, if a period says the weights exactly.
 *
 * Shards need only their number of tokens for this. Throws OptionError.
 */
export function mixture<Shard extends { readonly tokens: number }>(options: MixtureOptions<Shard>): Mixture<Shard> {
  const { window, seed = 0 } = options
  if (!(Number.isInteger(window) && window >= 1)) throw new OptionError('mixture', 'a whole window from 1', `${window}`)
  if (!(Number.isSafeInteger(seed) && seed >= 0))
    throw new OptionError('mixture', 'a whole seed from 0 to 2^53 - 1', `${seed}`)
  /** Windows before each shard of each source, and at last all. */
  const before = options.sources.map(({ shards }) => {
    const sums = [0]
    for (const { tokens } of shards) sums.push((sums.at(-1) as number) + windowsOf(tokens, window))
    return sums
  })
  const unique = before.map((sums) => sums.at(-1) as number)
  const plan = planMixture(
    options.sources.map((source, s) => ({ ...source, uniqueTokens: (unique[s] as number) * window })),
    options.tokens,
  )
  // Epochs add up to whole windows but for rounding.
  const windows = Math.floor(plan.tokens / window + 1e-6)
  if (windows < 1) throw new OptionError('mixture', `a budget of at least a window, ${window} tokens`, `${plan.tokens}`)
  const shares = wholeShares(
    plan.sources.map(({ weight }) => weight),
    windows,
  )
  const { taker, rank } = fairTurns(shares)
  const period = taker.length
  const orders = options.sources.map(({ name }, s) => shuffledOrder(unique[s] as number, seed, name))

  const taken = shares.map((share) => share * Math.floor(windows / period))
  for (let turn = 0; turn < windows % period; turn++) {
    const s = taker[turn] as number
    taken[s] = (taken[s] as number) + 1
  }
  const without = taken.indexOf(0)
  if (without >= 0) {
    const hint = 'Give it a larger weight, or the run a larger budget.'
    throw new OptionError(`mixture: source "${options.sources[without]?.name}"`, 'at least a window', 'none', hint)
  }
  return {
    plan,
    window,
    windows,
    seed,
    sources: options.sources.map(({ name, shards }, s) => ({
      name,
      shards,
      windows: taken[s] as number,
      uniqueWindows: unique[s] as number,
    })),
    at(i) {
      if (!(Number.isInteger(i) && i >= 0 && i < windows)) {
        const hint = 'The run ends there; a larger budget goes on.'
        throw new OptionError('mixture: at', `a window from 0 to ${windows - 1}`, `${i}`, hint)
      }
      const turn = i % period
      const source = taker[turn] as number
      const nth = ((i - turn) / period) * (shares[source] as number) + (rank[turn] as number)
      const size = unique[source] as number
      const epoch = Math.floor(nth / size)
      const place = (orders[source] as ReturnType<typeof shuffledOrder>)(epoch, nth - epoch * size)
      const sums = before[source] as readonly number[]
      const shard = lastNotAbove(sums, place)
      return { source, epoch, window: place, shard, start: (place - (sums[shard] as number)) * window }
    },
  }
}

/** Each window reads the token behind its T. */
function windowsOf(tokens: number, window: number): number {
  return Math.max(0, Math.floor((tokens - 1) / window))
}

/** Index of the last of ascending values that is not above the bound; 0 is among them. */
function lastNotAbove(values: readonly number[], bound: number): number {
  let [low, high] = [0, values.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((values[middle] as number) <= bound) low = middle
    else high = middle
  }
  return low
}
