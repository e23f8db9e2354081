import type { Rule } from '../filters/rule.js'
import { binEdges, type ValueHistogram } from '../pipeline/value-histogram.js'

/** A stretch of values and how many there are in it. A threshold that lies in a bin makes two cells of it. */
export interface Cell {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** A statistic's values, made ready to be drawn. */
export interface Cells {
  /** Whether all values can be whole numbers: each is then drawn from half below it to half above it. */
  readonly whole: boolean
  /** Without gaps between them, rising. Empty where nothing was counted. */
  readonly cells: readonly Cell[]
  readonly total: number
  /** Values that have no place on an axis, which no filter of this package gives. */
  readonly endless: number
}

/** Where bins of hundredths end; the bin of this number is the value 1 alone. */
const ONE = 100

/** The cells of a histogram, cut where the rules cut. */
export function cellsOf(histogram: ValueHistogram, rules: readonly Rule[]): Cells {
  let endless = 0
  const counts = new Map<number, number>()
  for (const [key, count] of Object.entries(histogram)) {
    const bin = Number(key)
    if (count > 0 && Number.isFinite(binEdges(bin)[0]) && Number.isFinite(binEdges(bin)[1])) counts.set(bin, count)
    else endless += count
  }
  const whole = isWhole([...counts.keys()], rules)
  if (!whole) moveOnes(counts)
  const bins = [...counts.keys()].sort((a, b) => a - b)
  const cuts = rules.map((rule) => cutOf(rule, whole))
  const cells: Cell[] = []
  let total = 0
  let [first, last] = [bins[0] ?? 0, bins[bins.length - 1] ?? -1]
  // Shares begin at 0 and end at 1, whatever the values, so that bars lie alike in all their histograms.
  if (!whole && first >= 0 && first < ONE) [first, last] = [0, Math.max(last, ONE - 1)]
  for (let bin = first; bin <= last; bin++) {
    const edges = whole ? wholeEdges(bin) : realEdges(bin)
    const count = counts.get(bin) ?? 0
    total += count
    if (edges) cells.push(...divided({ from: edges[0], to: edges[1], count }, cuts))
  }
  return { whole, cells, total, endless }
}

/** The bins of 1 and -1 have no width: what is in them belongs with the values that come up to it. */
function moveOnes(counts: Map<number, number>): void {
  for (const [bin, neighbour] of [
    [ONE, ONE - 1],
    [-1 - ONE, -ONE],
  ] as const) {
    const count = counts.get(bin)
    if (count === undefined) continue
    counts.set(neighbour, (counts.get(neighbour) ?? 0) + count)
    counts.delete(bin)
  }
}

/** Where a rule cuts: at its threshold, or between the whole numbers that it keeps and drops. */
export function cutOf({ drops, than }: Rule, whole: boolean): number {
  if (!whole) return than
  return drops === '<' || drops === '>=' ? Math.ceil(than) - 0.5 : Math.floor(than) + 0.5
}

/** Whether a rule drops what lies between two values that it does not divide. */
export function dropsCell(rule: Rule, whole: boolean, { from, to }: Pick<Cell, 'from' | 'to'>): boolean {
  const [middle, cut] = [(from + to) / 2, cutOf(rule, whole)]
  return rule.drops === '<' || rule.drops === '<=' ? middle < cut : middle > cut
}

const isWhole = (bins: readonly number[], rules: readonly Rule[]): boolean =>
  bins.every((bin) => wholeEdges(bin) !== null) && rules.every(({ than }) => Number.isInteger(than))

/** From half below the first whole number of a bin to half above its last; null where it has none. */
function wholeEdges(bin: number): readonly [number, number] | null {
  if (bin < 0) {
    // Zero is in bin 0 only.
    const mirrored = bin === -1 ? null : wholeEdges(-1 - bin)
    return mirrored && [-mirrored[1], -mirrored[0]]
  }
  if (bin === 0) return [-0.5, 0.5]
  if (bin < ONE) return null
  if (bin === ONE) return [0.5, 1.5]
  const [from, to] = binEdges(bin)
  // 1 has a bin of its own, and no other power of 1.1 is a whole number.
  const [first, last] = [Math.max(2, Math.ceil(from)), Math.ceil(to) - 1]
  return first <= last ? [first - 0.5, last + 0.5] : null
}

/** Null for the bins of 1 and -1, which have no width. */
function realEdges(bin: number): readonly [number, number] | null {
  const [from, to] = binEdges(bin)
  return from < to ? [from, to] : null
}

function divided(cell: Cell, cuts: readonly number[]): Cell[] {
  const width = cell.to - cell.from
  const inside = cuts.filter((cut) => cut - cell.from > 1e-9 * width && cell.to - cut > 1e-9 * width)
  const edges = [cell.from, ...new Set(inside.sort((a, b) => a - b)), cell.to]
  return edges.slice(1).map((to, i) => {
    const from = edges[i] as number
    return { from, to, count: (cell.count * (to - from)) / width }
  })
}
