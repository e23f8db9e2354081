import type { Rule } from '../filters/rule.js'
import { quantileOf, type ValueHistogram } from '../pipeline/value-histogram.js'
import { escapeLine } from './escape-text.js'
import { formatCount, formatShare, formatValue } from './format-number.js'
import { type Axis, axisOf } from './histogram-axis.js'
import { type Bar, type Bars, barsOf } from './histogram-bars.js'
import { type Cells, cellsOf, cutOf, dropsCell } from './histogram-cells.js'
import { sideOf } from './removal-groups.js'

export const PLOT = { left: 10, width: 320, height: 96, right: 10, axis: 24, label: 17 }

export interface HistogramOptions {
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

/** A statistic's histogram with the thresholds of its rules: inline SVG, with its own title and description. */
export function histogramSvg(options: HistogramOptions): string {
  const { id, statistic, histogram, rules, labels } = options
  const values = cellsOf(histogram, rules)
  const axis = axisOf(values, rules, PLOT.width)
  const drawn = barsOf(values, rules, axis, PLOT.height)
  const top = labels * PLOT.label
  const [width, height] = [PLOT.left + PLOT.width + PLOT.right, top + PLOT.height + PLOT.axis]
  const said = rules.map((rule) => `${sideOf(rule)} drops ${shareOf(options, values, rule)}`)
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">`,
    `<title id="${id}-title">${escapeLine(`Histogram of ${statistic}`)}</title>`,
    `<desc id="${id}-desc">${escapeLine(description(histogram, values, drawn, axis, said))}</desc>`,
    `<g transform="translate(${PLOT.left} ${top})">`,
    ...rules.map((rule) => shade(rule, values, axis)),
    ...drawn.bars.map(bar),
    ...drawn.bars.filter(({ cutOff }) => cutOff).map((one) => cutMark(one, values.total)),
    `<path class="axis" d="M0 ${PLOT.height + 0.5}H${PLOT.width}"/>`,
    ...axis.ticks.map(
      ({ x, label }) =>
        `<path class="axis" d="M${round(x)} ${PLOT.height}v4"/><text class="tick" x="${round(x)}" y="${PLOT.height + 16}">${label}</text>`,
    ),
    ...rules.map((rule, i) => threshold(axis.place(cutOf(rule, values.whole)), said[i] as string, i - labels)),
    '</g></svg>',
  ].join('')
}

function shareOf({ dropped }: HistogramOptions, values: Cells, rule: Rule): string {
  const known = dropped(rule)
  if (known !== null) return formatShare(known, values.total)
  const beyond = values.cells.reduce((sum, cell) => sum + (dropsCell(rule, values.whole, cell) ? cell.count : 0), 0)
  return `about ${formatShare(beyond, values.total)}`
}

function description(
  histogram: ValueHistogram,
  { total, endless }: Cells,
  { beyond }: Bars,
  { scale, from, to }: Axis,
  said: readonly string[],
): string {
  const quartiles = [0.25, 0.5, 0.75].map((share) => formatValue(quantileOf(histogram, share) ?? 0))
  return [
    `${formatCount(total)} documents, on ${scale === 'linear' ? 'an even' : 'a logarithmic'} axis from ${formatValue(from)} to ${formatValue(to)}.`,
    ...(total > 0 ? [`Quartiles: ${quartiles.join(', ')}.`] : []),
    ...said.map((one) => `${one} of the documents.`),
    ...(beyond > 0 ? [`${formatCount(beyond)} more to the right of the axis.`] : []),
    ...(endless > 0 ? [`${formatCount(endless)} values are not finite.`] : []),
  ].join(' ')
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

/** A gap near the top of a bar that would be higher, and how much it stands for. */
function cutMark({ x, width, count }: Bar, total: number): string {
  const [middle, right] = [x + width / 2, x + width]
  const half = width / 2 + 3
  const mark = `M${round(middle - half)} 20L${round(middle + half)} 13`
  const end = right < PLOT.width * 0.7
  return `<path class="cut" d="${mark}"/><text class="cut-label" x="${round(end ? right + 6 : x - 6)}" y="20"${end ? '' : ' text-anchor="end"'}>${formatShare(count, total)} in this bar</text>`
}

function threshold(x: number, label: string, row: number): string {
  const y = (row + 1) * PLOT.label - 5
  const end = x > PLOT.width / 2
  return `<path class="threshold" d="M${round(x)} ${round(y - 9)}V${PLOT.height}"/><text class="threshold-label" x="${round(end ? x - 5 : x + 5)}" y="${round(y)}"${end ? ' text-anchor="end"' : ''}>${escapeLine(label)}</text>`
}

const round = (value: number): number => Math.round(value * 100) / 100
