/** A document is dropped where its statistic is so to the threshold. */
export interface Rule {
  readonly statistic: string
  readonly drops: '<' | '<=' | '>' | '>='
  readonly than: number
  /** Why, in datatrove's words where it has them. */
  readonly reason: string
}

/** What was measured of a document, by name. A statistic that a text has no value for (the share of no lines) is missing. */
export type Statistics = Readonly<Record<string, number>>

/** Whether a rule drops a document of these statistics. One without the rule's statistic is kept by it. */
export function breaksRule({ statistic, drops, than }: Rule, statistics: Statistics): boolean {
  const value = statistics[statistic]
  if (value === undefined) return false
  if (drops === '<') return value < than
  if (drops === '<=') return value <= than
  return drops === '>' ? value > than : value >= than
}

/** The first rule, in their order, that drops a document; null where all keep it. */
export const firstBroken = (rules: readonly Rule[], statistics: Statistics): Rule | null =>
  rules.find((rule) => breaksRule(rule, statistics)) ?? null

/** All rules that drop a document. */
export const allBroken = (rules: readonly Rule[], statistics: Statistics): readonly Rule[] =>
  rules.filter((rule) => breaksRule(rule, statistics))
