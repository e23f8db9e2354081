import type { Rule } from '../filters/rule.js'
import { formatTick } from './format-number.js'
import { type Cells, cutOf } from './histogram-cells.js'

export interface Tick {
  readonly x: number
  readonly label: string
}

/** Where values lie between the left and the right of a plot. */
export interface Axis {
  /** Shares, and counts up to a few, have an even axis; other counts and lengths one of log(1 + x), which has a place for 0. */
  readonly scale: 'linear' | 'log'
  readonly from: number
  readonly to: number
  /** The place of a value, 0 at the left and `width` at the right. */
  place(value: number): number
  readonly ticks: readonly Tick[]
}

/** Values of which at most this share lies above 1 are shares. */
const STRAYS = 0.05
/** The part of the axis that a threshold keeps from its end, so that the dropped side is seen. */
const MARGIN = 0.08
/** Whole numbers that have an even axis; more have one of log(1 + x). */
const FEW = 12
/** How far apart ticks must be, beside half of their labels. */
const GAP = 8
const DIGIT = 6.2

/** An axis that shows all values and all thresholds, but for values above 1 among shares. */
export function axisOf(values: Cells, rules: readonly Rule[], width: number): Axis {
  const cuts = rules.map((rule) => cutOf(rule, values.whole))
  // All shares have the same axis, so that their histograms can be compared.
  if (isShare(values, cuts)) return evenAxis(0, 1, 0.2, width)
  const few = fewNumbers(values, cuts)
  return few ? evenAxis(...few, 1, width) : logAxis(values, rules, cuts, width)
}

function isShare({ whole, cells, total }: Cells, cuts: readonly number[]): boolean {
  if (whole || cells.some(({ from }) => from < 0) || cuts.some((cut) => cut < 0 || cut > 1)) return false
  const above = cells.reduce((sum, { from, count }) => sum + (from >= 1 ? count : 0), 0)
  return above <= STRAYS * total
}

/** From half below the least to half above the most, where there are so few whole numbers that each has a place of its own. */
function fewNumbers({ whole, cells }: Cells, cuts: readonly number[]): readonly [number, number] | null {
  if (!whole || cells.length === 0) return null
  const from = Math.min(...cells.map(({ from }) => from), ...cuts.map((cut) => cut - 1))
  const to = Math.max(...cells.map(({ to }) => to), ...cuts.map((cut) => cut + 1))
  return to - from <= FEW ? [from, to] : null
}

function evenAxis(from: number, to: number, step: number, width: number): Axis {
  const place = (value: number) => (width * (value - from)) / (to - from)
  const ticks: Tick[] = []
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(tickAt(Number((n * step).toFixed(4)), place))
  return { scale: 'linear', from, to, place, ticks }
}

function logAxis({ whole, cells }: Cells, rules: readonly Rule[], cuts: readonly number[], width: number): Axis {
  const starts = [...cells.map(({ from }) => from), ...cuts]
  const ends = [...cells.map(({ to }) => to), ...cuts]
  let [low, high] = starts.length > 0 ? [log(Math.min(...starts)), log(Math.max(...ends))] : [0, 1]
  const least = whole ? log(-0.5) : 0
  const [floor, room] = [low >= least ? least : Number.NEGATIVE_INFINITY, MARGIN * (high - low || 1)]
  for (const [i, { drops }] of rules.entries()) {
    const at = log(cuts[i] as number)
    if (drops.startsWith('<')) low = Math.max(floor, Math.min(low, at - room))
    else high = Math.max(high, at + room)
  }
  if (high - low < 1e-9) high = low + 1
  const place = (value: number) => (width * (log(value) - low)) / (high - low)
  const [from, to] = [unlog(low), unlog(high)]
  return { scale: 'log', from, to, place, ticks: logTicks(from, to, place) }
}

const log = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value))
const unlog = (place: number): number => Math.sign(place) * Math.expm1(Math.abs(place))

/** The fullest of rows of round numbers that has room for its labels. */
function logTicks(from: number, to: number, place: (value: number) => number): readonly Tick[] {
  const rows = [steps(from, to), powers(from, to, [1, 2, 5]), powers(from, to, [1, 3]), powers(from, to, [1])]
  for (let every = 2; every < 400; every *= 2) rows.push(powers(from, to, [1], every))
  // An even row serves where there is less than a power of ten.
  const even = from > 0 && to / from < 10 ? 0 : 1
  for (const row of rows.slice(even)) {
    const ticks = row.map((value) => tickAt(value, place))
    if (ticks.every((tick, i) => i === 0 || apart(ticks[i - 1] as Tick, tick))) return ticks
  }
  return []
}

const apart = (a: Tick, b: Tick): boolean => b.x - a.x >= GAP + (DIGIT * (a.label.length + b.label.length)) / 2

const tickAt = (value: number, place: (value: number) => number): Tick => ({
  x: place(value),
  label: formatTick(value),
})

function steps(from: number, to: number): number[] {
  const rough = (to - from) / 5
  const size = 10 ** Math.floor(Math.log10(rough))
  const step = size * ([1, 2, 5, 10].find((n) => n * size >= rough) as number)
  const values: number[] = []
  for (let n = Math.ceil(from / step); n * step <= to && values.length < 20; n++) {
    values.push(Number((n * step).toPrecision(12)))
  }
  return values
}

/** Zero, and powers of ten times some numbers. Below 1 there is no room on this axis. */
function powers(from: number, to: number, times: readonly number[], every = 1): number[] {
  const sizes: number[] = []
  const most = Math.max(Math.abs(from), Math.abs(to))
  for (let power = 0; 10 ** power <= most; power += every) sizes.push(...times.map((n) => n * 10 ** power))
  const values = [...sizes.map((size) => -size).reverse(), 0, ...sizes]
  return values.filter((value) => value >= from && value <= to)
}
