import { FAINT, line, openSvg, short, text } from './svg.js'
import { ticks } from './ticks.js'

/** A difference, and how far it may really be from zero. */
export interface IntervalRow {
  readonly name: string
  readonly mean: number
  readonly low: number
  readonly high: number
  readonly colour: string
}

const [WIDTH, ROW, LEFT, RIGHT, TOP, BOTTOM] = [640, 36, 150, 24, 12, 44]

/** Differences one below the other, with a bar from low to high each and a line at zero, as SVG for a page. */
export function intervalPlot(title: string, axis: string, rows: readonly IntervalRow[]): string {
  const height = TOP + ROW * rows.length + BOTTOM
  const levels = ticks(Math.min(0, ...rows.map(({ low }) => low)), Math.max(0, ...rows.map(({ high }) => high)))
  const [from, to] = [levels[0] as number, levels.at(-1) as number]
  const at = (x: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (x - from)) / (to - from)
  const floor = height - BOTTOM
  return [
    openSvg(title, WIDTH, height),
    ...levels.flatMap((x) => [
      line(at(x), TOP, at(x), floor, x === 0 ? 'stroke="currentColor" stroke-opacity="0.6"' : FAINT),
      text(at(x), floor + 18, short(x), 'middle'),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, height - 6, axis, 'middle'),
    ...rows.flatMap(({ name, mean, low, high, colour }, i) => {
      const y = TOP + ROW * (i + 0.5)
      return [
        text(LEFT - 12, y + 4, name, 'end'),
        line(at(low), y, at(high), y, `stroke="${colour}" stroke-width="3" stroke-opacity="0.6"`),
        `<circle cx="${short(at(mean))}" cy="${short(y)}" r="5" fill="${colour}"/>`,
      ]
    }),
    '</svg>',
  ].join('\n')
}
