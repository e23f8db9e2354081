import { allBroken, type Filter, type Rule, replayFilters, type Statistics } from '@almanac/data-filter'

/** A filter's rules, without what measures. */
export type RuleSet = Pick<Filter, 'name' | 'rules'>

/** Which rule of which filter. */
export interface RuleName {
  readonly filter: string
  readonly reason: string
}

/** What was decided from statistics alone. */
export interface Decision {
  /** The first rule that drops the document; null where it is kept. */
  readonly dropped: RuleName | null
  /** The other rules that would. */
  readonly others: readonly RuleName[]
  /** Numbers that it was decided from. */
  readonly numbers: number
}

/** Thresholds that were moved, by `ruleKey`. */
export type Thresholds = Readonly<Record<string, number>>

export const ruleKey = ({ filter, reason }: RuleName): string => `${filter}/${reason}`

/** The same filters with the thresholds that were moved. */
export const withThresholds = (filters: readonly RuleSet[], thresholds: Thresholds): readonly RuleSet[] =>
  filters.map(({ name, rules }) => ({
    name,
    rules: rules.map((rule): Rule => {
      const than = thresholds[ruleKey({ filter: name, reason: rule.reason })]
      return than === undefined ? rule : { ...rule, than }
    }),
  }))

/** Decides on a document from what was measured of it. */
export function decide(filters: readonly RuleSet[], statistics: Readonly<Record<string, Statistics>>): Decision {
  const dropped = replayFilters(filters, statistics)
  const broken = filters.flatMap(({ name, rules }) =>
    allBroken(rules, statistics[name] ?? {}).map(({ reason }): RuleName => ({ filter: name, reason })),
  )
  const numbers = Object.values(statistics).reduce((sum, of) => sum + Object.keys(of).length, 0)
  // The first of all that drop it is the one that does.
  return { dropped, others: broken.slice(1), numbers }
}
