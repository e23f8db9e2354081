import type { Rule } from '@almanac/data-filter'
import type { RuleNote } from './rule-notes.js'

/** The scale that a rule's statistic and threshold stand on, from 0. */
export interface RuleScale {
  readonly most: number
  /** Of the slider. */
  readonly step: number
}

/** The scale of a rule with its published threshold. */
export function ruleScale({ than }: Pick<Rule, 'than'>, note: RuleNote): RuleScale {
  const most = note.most ?? Math.min(1, 2.5 * than)
  const fine = 10 ** (Math.floor(Math.log10(most)) - 2)
  return { most, step: note.whole ? Math.max(1, fine) : fine }
}

/** Where a value stands, from 0 to 1; what lies beyond the scale stands at its end. */
export const placeOn = ({ most }: RuleScale, value: number): number => Math.min(1, Math.max(0, value / most))

const counts = new Intl.NumberFormat('en', { maximumSignificantDigits: 6 })

/** 312, 4.37, 0.0531: three digits are enough to compare with a threshold. */
export const formatStatistic = (value: number): string =>
  Number.isInteger(value) ? counts.format(value) : counts.format(Number(value.toPrecision(3)))
