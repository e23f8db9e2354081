import { OptionError } from '../data-filter-error.js'
import { effectiveTokens } from './effective-tokens.js'

/** How much of a mixture a source is: a part of all tokens, or how often its own are seen. */
export type SourceShare =
  | { readonly weight: number; readonly epochs?: undefined }
  | { readonly epochs: number; readonly weight?: undefined }

export type PlannedSource = SourceShare & {
  readonly name: string
  readonly uniqueTokens: number
  /** The plan refuses to repeat the source more often. */
  readonly maxEpochs?: number
}

export interface MixtureRow {
  readonly name: string
  /** Part of all tokens. */
  readonly weight: number
  readonly uniqueTokens: number
  /** Times that each of its tokens is seen, on average. */
  readonly epochs: number
  /** Tokens taken from it, repeats among them. */
  readonly tokens: number
  /** What these are worth in tokens seen once: `effectiveTokens`. */
  readonly effectiveTokens: number
  /** Said of a source that is repeated so often that returns diminish: more than 4 epochs (Muennighoff et al. 2023, arXiv 2305.16264). */
  readonly warning: string | null
}

export interface MixturePlan {
  readonly tokens: number
  readonly sources: readonly MixtureRow[]
}

/** Up to here, repeated data trained as well as new ones in the paper's runs. */
const HARMLESS_EPOCHS = 4
/** Weights written as decimals add up to 1 but for rounding. */
const SUM_TOLERANCE = 1e-9

/**
 * The table of a mixture: what each source gives to a budget of tokens, and how often it is repeated for that.
 * The budget may be left out where all sources have epochs: it is then what these add up to.
 * Throws OptionError where shares do not add up to the budget, or a source would be repeated more than its `maxEpochs`.
 */
export function planMixture(sources: readonly PlannedSource[], tokens?: number): MixturePlan {
  for (const source of sources) checkSource(source)
  const names = new Set(sources.map(({ name }) => name))
  if (sources.length === 0) throw new OptionError('planMixture', 'at least one source', 'none')
  if (names.size < sources.length)
    throw new OptionError('planMixture', 'sources of different names', sources.map(({ name }) => name).join(', '))
  const budget = tokens ?? epochTokens(sources)
  if (!(budget >= 1 && budget <= Number.MAX_SAFE_INTEGER))
    throw new OptionError('planMixture', 'a budget from 1 to 2^53 - 1 tokens', `${budget}`)
  const weights = sources.map(({ weight, epochs, uniqueTokens }) => weight ?? (epochs * uniqueTokens) / budget)
  checkSum(sources, weights, budget)
  const rows = sources.map(({ name, uniqueTokens }, s): MixtureRow => {
    const weight = weights[s] as number
    const epochs = (weight * budget) / uniqueTokens
    const effective = effectiveTokens(uniqueTokens, epochs)
    const warning =
      epochs > HARMLESS_EPOCHS
        ? `${shown(epochs)} epochs: ${shown(weight * budget)} tokens are worth ${shown(effective)} seen once; returns diminish beyond ${HARMLESS_EPOCHS} epochs`
        : null
    return { name, weight, uniqueTokens, epochs, tokens: weight * budget, effectiveTokens: effective, warning }
  })
  checkRepeats(sources, rows)
  return { tokens: budget, sources: rows }
}

function checkSource({ name, weight, epochs, uniqueTokens, maxEpochs }: PlannedSource): void {
  const where = `planMixture: source "${name}"`
  if ((weight === undefined) === (epochs === undefined))
    throw new OptionError(where, 'a weight or epochs', weight === undefined ? 'neither' : 'both')
  const share = weight ?? epochs
  if (!(share > 0 && share < Number.POSITIVE_INFINITY))
    throw new OptionError(where, `${weight === undefined ? 'epochs' : 'a weight'} above 0`, `${share}`)
  if (!(uniqueTokens >= 1 && uniqueTokens <= Number.MAX_SAFE_INTEGER))
    throw new OptionError(where, 'at least one token', `${uniqueTokens}`, 'Its shards may be shorter than a window.')
  if (maxEpochs !== undefined && !(maxEpochs > 0)) throw new OptionError(where, 'maxEpochs above 0', `${maxEpochs}`)
}

function epochTokens(sources: readonly PlannedSource[]): number {
  return sources.reduce((sum, { name, epochs, uniqueTokens }) => {
    if (epochs !== undefined) return sum + epochs * uniqueTokens
    const hint = 'Give a budget, or epochs to all sources.'
    throw new OptionError('planMixture', 'a budget of tokens', `none, and "${name}" has a weight`, hint)
  }, 0)
}

function checkSum(sources: readonly PlannedSource[], weights: readonly number[], budget: number): void {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return
  const parts = sources.map(({ name }, s) => `${name} ${shown(weights[s] as number)}`).join(', ')
  const hint = sources.every(({ epochs }) => epochs !== undefined)
    ? `Leave the budget out, or ask for ${shown(sum * budget)} tokens.`
    : 'Divide the weights by their sum, or change one.'
  throw new OptionError('planMixture', 'weights whose sum is 1', `${Number(sum.toPrecision(10))} (${parts})`, hint)
}

function checkRepeats(sources: readonly PlannedSource[], rows: readonly MixtureRow[]): void {
  /** The largest budget that keeps all bounds; epochs that were asked for do not change with it. */
  const fitting = sources.reduce(
    (least, { weight, uniqueTokens, maxEpochs }) =>
      weight === undefined || maxEpochs === undefined ? least : Math.min(least, (maxEpochs * uniqueTokens) / weight),
    Number.POSITIVE_INFINITY,
  )
  sources.forEach(({ name, weight, maxEpochs }, s) => {
    const { epochs, tokens, uniqueTokens } = rows[s] as MixtureRow
    if (maxEpochs === undefined || epochs <= maxEpochs * (1 + SUM_TOLERANCE)) return
    throw new OptionError(
      `planMixture: source "${name}"`,
      `at most ${maxEpochs} epochs`,
      `${shown(epochs)} (${shown(tokens)} tokens of ${shown(uniqueTokens)})`,
      weight === undefined
        ? 'Ask for fewer epochs.'
        : `A budget of ${shown(fitting)} tokens fits, or a smaller weight.`,
    )
  })
}

/** Three digits, for messages. */
function shown(value: number): string {
  return `${Number(value.toPrecision(3))}`.replace('+', '')
}
