import type { Filter } from '../filters/filter.js'
import type { RunSummary } from '../pipeline/summarise-run.js'
import { escapeLine } from './escape-text.js'
import { exampleList } from './example-list.js'
import { formatCount, formatShare } from './format-number.js'
import { funnelSection } from './funnel-section.js'
import { histogramSection } from './histogram-section.js'
import { PAGE_STYLE } from './page-style.js'
import { type RemovalGroup, removalGroups } from './removal-groups.js'
import { ruleTable } from './rule-table.js'
import { type RunStep, stepsOf } from './run-steps.js'

export interface FilterReportOptions {
  readonly title: string
  readonly summary: RunSummary
  /** Those of the run, in their order; only their names and rules are looked at. */
  readonly filters: readonly Pick<Filter, 'name' | 'rules'>[]
  readonly lastFilters: readonly Pick<Filter, 'name' | 'rules'>[]
  /** What else the reader should know: where the data come from, the profile, when it ran. */
  readonly facts?: readonly (readonly [name: string, value: string])[]
}

/** Nothing is loaded and nothing runs, whatever a text says. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'"

/**
 * A page about a run of the pipeline, as one file of HTML without scripts: what is left after each step, what each rule took out, a histogram of
 * each statistic with the thresholds, and a few documents. All that comes from data is text in it: nothing is markup, no address is a link, and
 * control characters and bidi overrides are named instead of obeyed.
 */
export function filterReport({ title, summary, filters, lastFilters, facts = [] }: FilterReportOptions): string {
  const steps = stepsOf(summary)
  const groups = removalGroups(summary, filters, lastFilters)
  const statistics = [
    histogramSection(summary.filter, filters, 'extraction'),
    histogramSection(summary.finish, lastFilters, 'duplicates'),
  ].join('')
  const examples = exampleList(summary, groups)
  const sections: readonly Section[] = [
    { id: 'steps', title: 'What is left', body: funnelSection(steps) },
    { id: 'rules', title: 'What each rule took out', body: rulesSection(groups) },
    { id: 'statistics', title: 'Statistics and thresholds', body: statistics && `${LEGEND}${statistics}` },
    { id: 'examples', title: 'Examples', body: examples && `${EXAMPLES}${examples}` },
  ]
  const shown = sections.filter(({ body }) => body !== '')
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">',
    `<title>${escapeLine(title)}</title><style>${PAGE_STYLE}</style></head><body><main>`,
    `<header><h1>${escapeLine(title)}</h1>${headline(steps)}${factList(facts)}`,
    `<nav aria-label="Sections"><ul>${shown.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`).join('')}</ul></nav></header>`,
    ...shown.map(({ id, title, body }) => `<section id="${id}"><h2>${title}</h2>${body}</section>`),
    '</main></body></html>\n',
  ].join('\n')
}

interface Section {
  readonly id: string
  readonly title: string
  readonly body: string
}

const rulesSection = (groups: readonly RemovalGroup[]): string =>
  groups.length > 0 ? ruleTable(groups) : '<p class="none">No rules, and nothing was taken out.</p>'

const LEGEND = [
  '<p class="note">The area of a bar is its share of the documents that were measured. A line is the threshold of a rule, with the share of',
  ' the documents on the side that it drops, whichever rule dropped them first. A bar with a gap is cut: the caption gives its share.</p>',
  '<ul class="legend"><li><i style="background:var(--kept)"></i>passes the rules of this statistic</li>',
  '<li><i style="background:var(--dropped)"></i>would be dropped by one of them</li></ul>',
].join('')

const EXAMPLES = [
  '<p class="note">The first 500 characters of up to three documents each, chosen by a hash of their ids. ',
  'Control characters and marks that turn the direction of writing are named.</p>',
].join('')

function headline(steps: readonly RunStep[]): string {
  const [records, last] = [steps[0] as RunStep, steps[steps.length - 1] as RunStep]
  const texts = steps.find(({ characters }) => characters !== null) as RunStep
  const part = (name: string, count: number, of: string) =>
    `<div><b>${formatCount(count)}</b><span>${name}, ${of}</span></div>`
  const [characters, all] = [last.characters ?? 0, texts.characters ?? 0]
  return [
    '<div class="headline">',
    part(
      'documents',
      last.documents,
      `${formatShare(last.documents, records.documents)} of ${formatCount(records.documents)} records`,
    ),
    part('characters', characters, `${formatShare(characters, all)} of all texts`),
    '</div>',
  ].join('')
}

const factList = (facts: FilterReportOptions['facts'] = []): string =>
  facts.length === 0
    ? ''
    : `<dl class="facts">${facts.map(([name, value]) => `<div><dt>${escapeLine(name)}</dt><dd>${escapeLine(value)}</dd></div>`).join('')}</dl>`
