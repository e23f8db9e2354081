import type { Rule } from '../filters/rule.js'
import type { ValueHistogram } from '../pipeline/value-histogram.js'
import { escapeLine } from './escape-text.js'
import { formatCount, formatShare, formatValue } from './format-number.js'
import { type Axis, axisOf } from './histogram-axis.js'
import { type Bar, type Bars, barsOf } from './histogram-bars.js'
import { type Cells, cellsOf, cutOf, dropsCell } from './histogram-cells.js'
import { sideOf } from './removal-groups.js'

export const PLOT = { width: 340, height: 100, axis: 24, label: 17 }

export interface FigureOptions {
  /** Unique in the page. */
  readonly id: string
  readonly statistic: string
  readonly histogram: ValueHistogram
  /** Those of this statistic. */
  readonly rules: readonly Rule[]
  /** How many documents a rule drops, where it is known; else it is read off the bins, to a part of one. */
  readonly dropped: (rule: Rule) => number | null
  /** Lines of labels that there is room for; at least as many as rules. */
  readonly labels: number
}

/** A statistic's histogram with the thresholds of its rules: inline SVG with a title and a description, under a caption. */
export function histogramFigure(options: FigureOptions): string {
  const { id, statistic, histogram, rules, labels } = options
  const values = cellsOf(histogram, rules)
  const name = `<code>${escapeLine(statistic)}</code>`
  if (values.total + values.endless === 0) {
    return `<figure class="muted"><figcaption>${name}<span>not measured</span></figcaption></figure>`
  }
  const axis = axisOf(values, rules, PLOT.width)
  const drawn = barsOf(values, rules, axis, PLOT.height)
  const top = labels * PLOT.label
  const height = top + PLOT.height + PLOT.axis
  const said = rules.map((rule) => `${sideOf(rule)} drops ${shareOf(options, values, rule)}`)
  return [
    `<figure><figcaption>${name}<span>${escapeLine(caption(values, drawn))}</span></figcaption>`,
    `<svg viewBox="0 0 ${PLOT.width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeLine(`Histogram of ${statistic}`)}</title>`,
    `<desc id="${id}-desc">${escapeLine(description(values, axis, said))}</desc>`,
    `<g transform="translate(0 ${top})">`,
    ...rules.map((rule) => shade(rule, values, axis)),
    ...drawn.bars.map(bar),
    ...drawn.bars.filter(({ cutOff }) => cutOff).map(cutMark),
    `<path class="axis" d="M0 ${PLOT.height + 0.5}H${PLOT.width}"/>`,
    ...axis.ticks.map(
      ({ x, label }) =>
        `<path class="axis" d="M${round(x)} ${PLOT.height}v4"/><text class="tick" x="${round(x)}" y="${PLOT.height + 16}">${label}</text>`,
    ),
    ...rules.map((rule, i) => threshold(axis.place(cutOf(rule, values.whole)), said[i] as string, i - rules.length)),
    '</g></svg></figure>',
  ].join('')
}

function caption(values: Cells, { bars, beyond }: Bars): string {
  const cut = bars.find(({ cutOff }) => cutOff)
  return [
    `${formatCount(values.total)} documents`,
    ...(values.total > 0 ? [`median ${quantileText(values, 0.5)}`] : []),
    ...(cut ? [`cut bar ${formatShare(cut.count, values.total)}`] : []),
    // Only shares have an axis that ends before the values do.
    ...(beyond > 0 ? [`${formatCount(beyond)} above 1`] : []),
    ...(values.endless > 0 ? [`${formatCount(values.endless)} not finite`] : []),
  ].join(', ')
}

function shareOf({ dropped }: FigureOptions, values: Cells, rule: Rule): string {
  const known = dropped(rule)
  if (known !== null) return formatShare(known, values.total)
  const beyond = values.cells.reduce((sum, cell) => sum + (dropsCell(rule, values.whole, cell) ? cell.count : 0), 0)
  return `about ${formatShare(beyond, values.total)}`
}

function description(values: Cells, { scale, from, to }: Axis, said: readonly string[]): string {
  const quartiles = [0.25, 0.5, 0.75].map((share) => quantileText(values, share))
  return [
    `On ${scale === 'linear' ? 'an even' : 'a logarithmic'} axis from ${formatValue(from)} to ${formatValue(to)}.`,
    ...(values.total > 0 ? [`Quartiles: ${quartiles.join(', ')}.`] : []),
    ...said.map((one) => `${one} of the documents.`),
  ].join(' ')
}

/** A quantile as far as the bins tell it: two digits, but for small whole numbers. */
function quantileText({ cells, whole, total }: Cells, share: number): string {
  let left = share * total
  for (const { from, to, count } of cells) {
    if (count < left || count === 0) {
      left -= count
      continue
    }
    const value = from + ((to - from) * left) / count
    // A value at the upper edge of a cell is still the cell's.
    if (whole && Math.abs(value) < 100) return formatValue(Math.min(Math.round(value), Math.floor(to)))
    return !whole && value >= 0 && value < 0.01 ? '<0.01' : formatValue(Number(value.toPrecision(2)))
  }
  return '–'
}

function shade(rule: Rule, { whole }: Cells, axis: Axis): string {
  const at = axis.place(cutOf(rule, whole))
  const [from, to] = rule.drops.startsWith('<') ? [0, at] : [at, PLOT.width]
  return `<rect class="shade" x="${round(from)}" y="0" width="${round(Math.max(0, to - from))}" height="${PLOT.height}"/>`
}

/** A hair narrower than it is, so that neighbours are told apart; never too low or too narrow to be seen. */
function bar({ x, width, height, dropped }: Bar): string {
  const [seen, gap] = [Math.max(height, 1), width > 4 ? 0.5 : 0]
  return `<rect class="${dropped ? 'dropped' : 'kept'}" x="${round(x + gap)}" y="${round(PLOT.height - seen)}" width="${round(Math.max(width - 2 * gap, 0.75))}" height="${round(seen)}"/>`
}

/** A gap near the top of a bar that would be higher. */
function cutMark({ x, width }: Bar): string {
  const [middle, half] = [x + width / 2, width / 2 + 3]
  return `<path class="cut" d="M${round(middle - half)} 20L${round(middle + half)} 13"/>`
}

function threshold(x: number, label: string, row: number): string {
  const y = (row + 1) * PLOT.label - 5
  const end = x > PLOT.width / 2
  return `<path class="threshold" d="M${round(x)} ${round(y - 9)}V${PLOT.height}"/><text class="threshold-label" x="${round(end ? x - 5 : x + 5)}" y="${round(y)}"${end ? ' text-anchor="end"' : ''}>${escapeLine(label)}</text>`
}

const round = (value: number): number => Math.round(value * 100) / 100
