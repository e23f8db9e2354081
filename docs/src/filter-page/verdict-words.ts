import type { Decision, RuleName } from './decide.js'
import { filterTitle, ruleNote } from './rule-notes.js'

/** A rule with its filter, as a reader would name them. */
export const ruleWords = ({ filter, reason }: RuleName): string =>
  `${filterTitle(filter)}, “${ruleNote({ reason }).name}”`

/** The verdict in a sentence or two. */
export function verdictWords({ dropped, others }: Decision, profile: string): string {
  if (dropped === null) return `Kept. Every rule of ${profile} lets this text pass.`
  const first = `Dropped by ${ruleWords(dropped)}.`
  if (others.length === 0) return `${first} No other rule would drop it.`
  return `${first} ${others.length} other ${others.length === 1 ? 'rule' : 'rules'} would drop it, too.`
}

/** Rules that would drop a text, too, filter by filter. */
export function othersWords(others: readonly RuleName[]): string {
  const filters = [...new Set(others.map(({ filter }) => filter))]
  const groups = filters.map((filter) => {
    const names = others.filter((other) => other.filter === filter).map((rule) => `“${ruleNote(rule).name}”`)
    return `${filterTitle(filter)}, ${names.join(', ')}`
  })
  return `Also: ${groups.join('; ')}.`
}
