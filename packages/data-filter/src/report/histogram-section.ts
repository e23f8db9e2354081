import type { Rule } from '../filters/rule.js'
import type { StageCounts } from '../pipeline/stage-counts.js'
import type { ValueHistogram } from '../pipeline/value-histogram.js'
import { escapeLine } from './escape-text.js'
import { histogramFigure } from './histogram-figure.js'
import { allRulesAsked, type ReportFilter } from './removal-groups.js'

interface Statistic {
  readonly name: string
  readonly rules: readonly Rule[]
  readonly histogram: ValueHistogram
}

/**
 * Histograms of all statistics of a stage, filter by filter: those with rules in the order of the rules, then the others. `before` names what
 * drops documents ahead of the filters.
 */
export function histogramSection(
  counts: StageCounts,
  filters: readonly ReportFilter[],
  before: 'extraction' | 'duplicates',
): string {
  const left = new Map(Object.entries(counts.statistics))
  const asked = allRulesAsked(counts, before)
  const sections = filters.map((filter, i) => {
    const statistics = statisticsOf(filter, left)
    const id = `${before}-${i}`
    return filterSection(filter, statistics, id, (rule) => {
      // A reason that rules share counts a document once for each of them.
      const alone = filter.rules.filter(({ reason }) => reason === rule.reason).length === 1
      return asked && alone ? (counts.broken[`${filter.name}/${rule.reason}`] ?? 0) : null
    })
  })
  if (left.size > 0) {
    // Filters of another run: nothing that was counted is left out.
    const others = [...left].map(([name, histogram]) => ({ name, rules: [], histogram }))
    sections.push(filterSection({ name: 'Other filters' }, others, `${before}-others`, () => null))
  }
  return sections.join('\n')
}

/** Takes a filter's statistics out of those that are left. */
function statisticsOf({ name, rules }: ReportFilter, left: Map<string, ValueHistogram>): readonly Statistic[] {
  const take = (key: string): ValueHistogram => {
    const histogram = left.get(key) ?? {}
    left.delete(key)
    return histogram
  }
  const ruled = [...new Set(rules.map(({ statistic }) => statistic))].map((statistic) => ({
    name: statistic,
    rules: rules.filter((rule) => rule.statistic === statistic),
    histogram: take(`${name}/${statistic}`),
  }))
  const others = [...left.keys()].filter((key) => key.startsWith(`${name}/`))
  return [...ruled, ...others.map((key) => ({ name: key.slice(name.length + 1), rules: [], histogram: take(key) }))]
}

function filterSection(
  { name }: Pick<ReportFilter, 'name'>,
  statistics: readonly Statistic[],
  id: string,
  dropped: (rule: Rule) => number | null,
): string {
  if (statistics.length === 0) return ''
  const labels = Math.max(...statistics.map(({ rules }) => rules.length))
  const figures = statistics.map(({ name, rules, histogram }, i) =>
    histogramFigure({ id: `histogram-${id}-${i}`, statistic: name, histogram, rules, dropped, labels }),
  )
  return `<section class="filter"><h3>${escapeLine(name)}</h3><div class="figures">${figures.join('')}</div></section>`
}
