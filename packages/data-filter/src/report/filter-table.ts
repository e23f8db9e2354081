import type { Filter } from '../filters/filter.js'
import type { RunSummary } from '../pipeline/summarise-run.js'
import { plainLine } from './escape-text.js'
import { formatCount, formatShare } from './format-number.js'
import { removalGroups } from './removal-groups.js'
import { type RunStep, stepsOf } from './run-steps.js'

/** Columns of a line, and those between two of its cells. */
const [WIDTH, GAP] = [100, 2]

interface Line {
  readonly name: string
  readonly documents?: string
  readonly share?: string
  readonly characters?: string
  readonly inAll?: string
}

/**
 * What a run kept and what each rule took out, for a terminal: plain text, at most 100 columns wide, lines of `\n`. Documents are those that a
 * rule was the first to drop; "in all" are those that it drops when all rules are asked, where the run did so.
 */
export function filterTable(
  summary: RunSummary,
  filters: readonly Pick<Filter, 'name' | 'rules'>[],
  lastFilters: readonly Pick<Filter, 'name' | 'rules'>[],
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
    const idle = removals.filter(({ documents, characters, inAll }) => !documents && !characters && !inAll)
    for (const { reason, conditions, documents, characters, inAll } of removals) {
      if (!documents && !characters && !inAll) continue
      lines.push({
        name: `  ${[reason, ...conditions.slice(0, 1)].join('  ')}`,
        ...amounts(documents, characters, of.documents),
        ...(inAll === null ? {} : { inAll: formatCount(inAll) }),
      })
    }
    if (idle.length > 0)
      lines.push({ name: `  ${idle.length === 1 ? 'one rule' : `${idle.length} rules`} took nothing` })
  }
  return aligned(lines).join('\n')
}

const stepLine = ({ name, documents, characters }: RunStep, records: number): Line => ({
  name: `  ${name}`,
  ...amounts(documents, characters, records),
})

const amounts = (documents: number | null, characters: number | null, of: number): Omit<Line, 'name'> => ({
  ...(documents === null ? {} : { documents: formatCount(documents), share: formatShare(documents, of) }),
  ...(characters === null ? {} : { characters: formatCount(characters) }),
})

/** Numbers are as wide as the widest of their column, names have what is left. */
function aligned(lines: readonly Line[]): readonly string[] {
  const rows = lines.map(({ name, documents = '', share = '', characters = '', inAll = '' }) => ({
    name: plainLine(name),
    numbers: [documents, share, characters, inAll],
  }))
  const widths = [0, 1, 2, 3].map((column) => {
    const widest = Math.max(...rows.map(({ numbers }) => (numbers[column] as string).length))
    return widest > 0 ? widest + GAP : 0
  })
  const left = WIDTH - widths.reduce((sum, width) => sum + width, 0)
  const names = Math.min(left, Math.max(...rows.map(({ name }) => name.length)))
  return rows.map(({ name, numbers }) => {
    const cells = numbers.map((number, column) => number.padStart(widths[column] as number))
    return `${cut(name, names).padEnd(names)}${cells.join('')}`.trimEnd()
  })
}

const cut = (text: string, width: number): string => (text.length > width ? `${text.slice(0, width - 1)}…` : text)
