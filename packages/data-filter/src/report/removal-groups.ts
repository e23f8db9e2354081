import type { Filter } from '../filters/filter.js'
import type { Rule } from '../filters/rule.js'
import type { StageCounts } from '../pipeline/stage-counts.js'
import type { RunSummary } from '../pipeline/summarise-run.js'
import { formatValue } from './format-number.js'
import { sumOf, textsOf, uniqueOf } from './run-steps.js'

/** A reason and what went for it. */
export interface Removal {
  readonly reason: string
  /** What a rule drops, as `words < 50`, or `> 0.3` where the reason is the statistic's name; none for what is no rule. */
  readonly conditions: readonly string[]
  /** Null where not documents went but parts of their texts. */
  readonly documents: number | null
  /** Null where what went is not text: records that are no documents, pages. */
  readonly characters: number | null
  /** Documents that the rule drops when all rules are asked; null where the run did not ask them all. */
  readonly inAll: number | null
}

/** What a reader, extraction, deduplication or a filter took out of what came to it. */
export interface RemovalGroup {
  readonly name: string
  /** What its documents are counted under: `key/reason`. */
  readonly key: string
  /** What shares are of. */
  readonly of: { readonly name: string; readonly documents: number; readonly characters: number | null }
  readonly removals: readonly Removal[]
  /** Null where there is nothing to add up. */
  readonly total: { readonly documents: number | null; readonly characters: number | null }
}

export type ReportFilter = Pick<Filter, 'name' | 'rules'>

/** All that a run took out, in the order in which it did so. What no filter of these names is listed under its own name. */
export function removalGroups(
  { filter, finish }: RunSummary,
  filters: readonly ReportFilter[],
  lastFilters: readonly ReportFilter[],
): readonly RemovalGroup[] {
  const texts = { name: 'texts', ...textsOf(filter) }
  const documents = { name: 'documents', documents: filter.input.documents, characters: null }
  const unique = { name: 'texts', ...uniqueOf(finish) }
  return [
    skippedGroup(filter),
    group('Extraction', 'extraction', documents, pageRows(filter)),
    ...filterGroups(filter, filters, texts, 'extraction'),
    group('Duplicates', 'duplicates', { name: 'texts', ...finish.input }, namedRows(finish, 'duplicates')),
    ...filterGroups(finish, lastFilters, unique, 'duplicates'),
  ].filter(({ removals }) => removals.length > 0)
}

function skippedGroup({ records, skipped }: StageCounts): RemovalGroup {
  const removals = Object.entries(skipped).map(([reason, count]) => ({
    reason,
    conditions: [],
    documents: count,
    characters: null,
    inAll: null,
  }))
  return group('Reading', 'skipped', { name: 'records', documents: records, characters: null }, removals)
}

/** Pages have markup, whose length says nothing about texts. */
const pageRows = (counts: StageCounts): readonly Removal[] =>
  namedRows(counts, 'extraction').map((row) => ({ ...row, characters: null }))

const namedRows = ({ dropped }: StageCounts, by: string): readonly Removal[] =>
  Object.entries(dropped)
    .filter(([key]) => key.startsWith(`${by}/`))
    .map(([key, amount]) => ({ reason: key.slice(by.length + 1), conditions: [], ...amount, inAll: null }))

function filterGroups(
  counts: StageCounts,
  filters: readonly ReportFilter[],
  of: RemovalGroup['of'] & { readonly characters: number },
  before: string,
): readonly RemovalGroup[] {
  const known = new Set(filters.flatMap(({ name, rules }) => rules.map(({ reason }) => `${name}/${reason}`)))
  const asked = allRulesAsked(counts, before)
  const groups = filters.map((filter) => group(filter.name, filter.name, of, rowsOf(counts, filter, asked)))
  // Filters of another run: nothing that was counted is left out.
  const others: Record<string, Removal[]> = {}
  for (const [key, amount] of Object.entries(counts.dropped)) {
    if (known.has(key) || key.startsWith(`${before}/`)) continue
    const cut = key.indexOf('/')
    const [name, reason] = [key.slice(0, cut), key.slice(cut + 1)]
    others[name] ??= []
    others[name].push({ reason, conditions: [], ...amount, inAll: asked ? (counts.broken[key] ?? 0) : null })
  }
  const unknown = Object.entries(others).map(([name, rows]) => group(name, name, of, rows))
  const gone = sumOf([...groups, ...unknown].map(({ total }) => total as { documents: number; characters: number }))
  const changed = of.characters - gone.characters - counts.kept.characters
  return changed === 0 ? [...groups, ...unknown] : [...groups, ...unknown, changedGroup(of, changed)]
}

/** Filters may change texts: what they took out of those that stay. */
function changedGroup(of: RemovalGroup['of'], characters: number): RemovalGroup {
  const reason = characters > 0 ? 'taken out of texts that stay' : 'added to texts that stay'
  const removal = { reason, conditions: [], documents: null, characters: Math.abs(characters), inAll: null }
  return {
    name: 'Changes by filters',
    key: '',
    of,
    removals: [removal],
    total: { documents: null, characters: null },
  }
}

function rowsOf({ dropped, broken }: StageCounts, { name, rules }: ReportFilter, asked: boolean): readonly Removal[] {
  const reasons = [...new Set(rules.map(({ reason }) => reason))]
  return reasons.map((reason) => {
    const own = rules.filter((rule) => rule.reason === reason)
    const key = `${name}/${reason}`
    const amount = dropped[key] ?? { documents: 0, characters: 0 }
    return {
      reason,
      conditions: own.map((rule) => (rule.statistic === reason ? sideOf(rule) : conditionOf(rule))),
      ...amount,
      // A reason that rules share counts a document once for each of them.
      inAll: asked && own.length === 1 ? (broken[key] ?? 0) : null,
    }
  })
}

/** Whether `broken` is filled; where no rule dropped anything, nothing was broken either way. */
export const allRulesAsked = ({ broken, dropped }: StageCounts, before: string): boolean =>
  Object.keys(broken).length > 0 || Object.keys(dropped).every((key) => key.startsWith(`${before}/`))

function group(name: string, key: string, of: RemovalGroup['of'], removals: readonly Removal[]): RemovalGroup {
  const { documents, characters } = sumOf(
    removals.map((one) => ({ documents: one.documents ?? 0, characters: one.characters ?? 0 })),
  )
  return { name, key, of, removals, total: { documents, characters: of.characters === null ? null : characters } }
}

const SIGNS = { '<': '<', '<=': '≤', '>': '>', '>=': '≥' } as const

/** The side that a rule drops, as `≥ 0.67`. */
export const sideOf = ({ drops, than }: Rule): string => `${SIGNS[drops]} ${formatValue(than)}`

/** What a rule drops, as `short_lines ≥ 0.67`. */
export const conditionOf = (rule: Rule): string => `${rule.statistic} ${sideOf(rule)}`
