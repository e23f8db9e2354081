import { FAINT, line, openSvg, short, text } from './svg.js'
import { ticks } from './ticks.js'

/** A point with its name beside it, and how far up and down it may really be. */
export interface Point {
  readonly name: string
  readonly x: number
  readonly y: number
  readonly low: number
  readonly high: number
  readonly colour: string
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT] = [640, 360, 64, 28, 48, 110]

/** Points over an axis of powers of two, with a bar from low to high each, as SVG for a page. */
export function scatterPlot(
  title: string,
  axes: { readonly x: string; readonly y: string },
  points: readonly Point[],
): string {
  const doublings = points.map(({ x }) => Math.log2(x))
  const [from, to] = [Math.floor(Math.min(...doublings)), Math.ceil(Math.max(...doublings))]
  const levels = ticks(Math.min(...points.map(({ low }) => low)), Math.max(...points.map(({ high }) => high)))
  const [bottom, top] = [levels[0] as number, levels.at(-1) as number]
  const at = (x: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (Math.log2(x) - from)) / Math.max(to - from, 1)
  const up = (y: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (y - bottom)) / (top - bottom)
  return [
    openSvg(title, WIDTH, HEIGHT),
    text(8, 16, axes.y, 'start'),
    ...levels.flatMap((y) => [
      line(LEFT, up(y), WIDTH - RIGHT, up(y), FAINT),
      text(LEFT - 6, up(y) + 4, short(y), 'end'),
    ]),
    ...Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i)).flatMap((x) => [
      line(at(x), TOP, at(x), HEIGHT - BOTTOM, FAINT),
      text(at(x), HEIGHT - BOTTOM + 18, short(x), 'middle'),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, axes.x, 'middle'),
    // Names stand above and below in turn, so that neighbours do not meet.
    ...[...points]
      .sort((a, b) => a.x - b.x)
      .flatMap(({ name, x, y, low, high, colour }, i) => [
        line(at(x), up(low), at(x), up(high), `stroke="${colour}" stroke-width="2" stroke-opacity="0.6"`),
        `<circle cx="${short(at(x))}" cy="${short(up(y))}" r="5" fill="${colour}"/>`,
        text(at(x) + 9, up(y) + (i % 2 === 0 ? -7 : 18), name, 'start'),
      ]),
    '</svg>',
  ].join('\n')
}
