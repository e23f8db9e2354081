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
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const short = (value: number): string => Number(value.toPrecision(4)).toString()

/** Round numbers, four or so, from at most `low` to at least `high`. */
export function ticks(low: number, high: number): number[] {
  const span = Math.max(high - low, Number.EPSILON)
  const power = 10 ** Math.floor(Math.log10(span / 3))
  const step = power * ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 5) as number)
  const first = Math.floor(low / step)
  const last = Math.ceil(high / step)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

const text = (x: number, y: number, content: string, anchor: string): string =>
  `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" font-size="12" fill="currentColor">${escaped(content)}</text>`

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
  const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
    `<line x1="${short(x1)}" x2="${short(x2)}" y1="${short(y1)}" y2="${short(y2)}" ${style}/>`
  const faint = 'stroke="currentColor" stroke-opacity="0.15"'
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}" style="max-width:${WIDTH}px;width:100%">`,
    text(8, 16, axes.y, 'start'),
    ...levels.flatMap((y) => [
      line(LEFT, up(y), WIDTH - RIGHT, up(y), faint),
      text(LEFT - 6, up(y) + 4, short(y), 'end'),
    ]),
    ...Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i)).flatMap((x) => [
      line(at(x), TOP, at(x), HEIGHT - BOTTOM, faint),
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
