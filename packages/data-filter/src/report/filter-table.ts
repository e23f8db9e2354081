import type { RunSummary } from '../pipeline/summarise-run.js'
import { plainLine } from './escape-text.js'
import { formatCount, formatShare } from './format-number.js'
import { type ReportFilter, removalGroups } from './removal-groups.js'
import { type RunStep, stepsOf } from './run-steps.js'

const WIDTHS = { name: 53, documents: 12, share: 7, characters: 16, inAll: 12 }

interface Line {
  readonly name: string
  readonly documents?: string
  readonly share?: string
  readonly characters?: string
  readonly inAll?: string
}

/**
 * What a run kept and what each rule took out, for a terminal: plain text, at most 100 columns wide, lines of `\n`. Documents are those that a
 * rule was the first to drop; "in all" are those that it would drop were it alone, where the run asked all rules.
 */
export function filterTable(
  summary: RunSummary,
  filters: readonly ReportFilter[],
  lastFilters: readonly ReportFilter[],
): string {
  const steps = stepsOf(summary)
  const records = steps[0]?.documents ?? 0
  const groups = removalGroups(summary, filters, lastFilters)
  const asked = groups.some(({ removals }) => removals.some(({ inAll }) => inAll !== null))
  const head = { documents: 'documents', share: 'share', characters: 'characters' }
  const lines: Line[] = [{ name: 'Left after', ...head }, ...steps.map((step) => stepLine(step, records))]
  lines.push({ name: '' }, { name: 'Taken out by', ...head, ...(asked ? { inAll: 'in all' } : {}) })
  for (const { name, of, removals, total } of groups) {
    lines.push({
      name: `${name}, of ${formatCount(of.documents)} ${of.name}`,
      ...amounts(total.documents, total.characters, of.documents),
    })
    for (const { reason, conditions, documents, characters, inAll } of removals) {
      lines.push({
        name: `  ${[reason, ...conditions.slice(0, 1)].join('  ')}`,
        ...amounts(documents, characters, of.documents),
        ...(inAll === null ? {} : { inAll: formatCount(inAll) }),
      })
    }
  }
  return lines.map(written).join('\n')
}

const stepLine = ({ name, documents, characters }: RunStep, records: number): Line => ({
  name: `  ${name}`,
  ...amounts(documents, characters, records),
})

const amounts = (documents: number | null, characters: number | null, of: number): Omit<Line, 'name'> => ({
  ...(documents === null ? {} : { documents: formatCount(documents), share: formatShare(documents, of) }),
  ...(characters === null ? {} : { characters: formatCount(characters) }),
})

function written({ name, documents = '', share = '', characters = '', inAll = '' }: Line): string {
  const columns = [
    cut(plainLine(name), WIDTHS.name).padEnd(WIDTHS.name),
    documents.padStart(WIDTHS.documents),
    share.padStart(WIDTHS.share),
    characters.padStart(WIDTHS.characters),
    inAll.padStart(WIDTHS.inAll),
  ]
  return columns.join('').trimEnd()
}

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)
