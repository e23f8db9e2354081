import type { Rule } from '../filters/rule.js'
import type { Axis } from './histogram-axis.js'
import { type Cell, type Cells, cutOf, dropsCell } from './histogram-cells.js'

/** A bar whose area is in proportion to its count, but where it is cut off. */
export interface Bar {
  readonly x: number
  readonly width: number
  readonly height: number
  readonly count: number
  /** Whether a rule drops what it stands for. */
  readonly dropped: boolean
  /** Whether it would be higher than the plot. */
  readonly cutOff: boolean
}

export interface Bars {
  readonly bars: readonly Bar[]
  /** Height times width of a bar, for each that it counts. */
  readonly areaOfOne: number
  /** Values to the right of the axis. */
  readonly beyond: number
}

/** A narrow bar so many times higher than the next is cut off, so that the rest can be seen. */
const TOWER = 4
/** The part of the axis up to which a bar is narrow. */
const NARROW = 0.06
/** How high a bar that is cut off stands, in heights of the next. */
const CUT_TO = 2

/**
 * Bars of a histogram in a plot of such a height. Neighbouring bins are put together until a bar is wide enough for how many values there
 * are; no bar reaches across a threshold.
 */
export function barsOf(values: Cells, rules: readonly Rule[], axis: Axis, height: number): Bars {
  const shown = values.cells.filter(({ from }) => from < axis.to)
  const beyond = values.cells.reduce((sum, { from, count }) => sum + (from < axis.to ? 0 : count), 0)
  const joined = join(shown, rules, values, axis).filter(({ count }) => count > 0)
  const placed = joined.map((cell) => {
    const x = axis.place(cell.from)
    const width = axis.place(cell.to) - x
    const dropped = rules.some((rule) => dropsCell(rule, values.whole, cell))
    return { x, width, count: cell.count, dropped, density: cell.count / width }
  })
  const [first, second] = [...placed].sort((a, b) => b.density - a.density)
  const narrow = first && first.width <= NARROW * (axis.place(axis.to) - axis.place(axis.from))
  const tower = first && second && narrow && first.density > TOWER * second.density
  const top = tower ? CUT_TO * second.density : (first?.density ?? 0)
  return {
    bars: placed.map(({ density, ...bar }) => ({
      ...bar,
      height: (height * Math.min(density, top)) / (top || 1),
      cutOff: density > top,
    })),
    areaOfOne: height / (top || 1),
    beyond,
  }
}

function join(cells: readonly Cell[], rules: readonly Rule[], { whole, total }: Cells, axis: Axis): Cell[] {
  const cuts = rules.map((rule) => cutOf(rule, whole))
  const bars = total < 150 ? 20 : total < 2000 ? 25 : 50
  const least = (axis.place(axis.to) - axis.place(axis.from)) / bars - 1e-6
  const place = ({ from, to }: Cell) => axis.place(to) - axis.place(from)
  const isCut = (value: number) => cuts.some((cut) => Math.abs(cut - value) <= 1e-9 * Math.max(1, Math.abs(cut)))
  const joined: Cell[] = []
  let open: Cell | null = null
  const close = (cell: Cell) => {
    const last = joined[joined.length - 1]
    // What is left before a threshold or the end would make a sliver.
    if (last && place(cell) < least / 2 && !isCut(cell.from)) joined[joined.length - 1] = together(last, cell)
    else joined.push(cell)
  }
  for (const cell of cells) {
    open = open ? together(open, cell) : cell
    if (place(open) < least && !isCut(cell.to)) continue
    close(open)
    open = null
  }
  if (open) close(open)
  return joined
}

const together = (a: Cell, b: Cell): Cell => ({ from: a.from, to: b.to, count: a.count + b.count })
