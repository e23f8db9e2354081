/** A line of a plot: its name, and a value for each place on the x axis; gaps are left out. */
export interface Series {
  readonly name: string
  readonly values: readonly (number | undefined)[]
}

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT] = [640, 300, 56, 28, 40, 12]
/** Told apart by people who see colours differently, too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#999999', '#8b6508']
const colourOf = (i: number): string => COLOURS[i % COLOURS.length] as string
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)
const short = (value: number): string => Number(value.toPrecision(3)).toString()

/** A round number of at least `value`: the top of an axis. */
export function axisTop(value: number): number {
  if (!(value > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 0.999) as number)
}

const text = (x: number, y: number, content: string, anchor: string): string =>
  `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" font-size="12" fill="currentColor">${escaped(content)}</text>`

// Markdown ends a piece of HTML at an empty line: a plot has none.
const svg = (title: string, height: number, parts: readonly string[]): string =>
  [
    `<svg viewBox="0 0 ${WIDTH} ${short(height)}" role="img" aria-label="${escaped(title)}" style="max-width:${WIDTH}px;width:100%">`,
    ...parts,
    '</svg>',
  ].join('\n')

/** Lines over named places, from zero up, as SVG for a page. */
export function linePlot(title: string, unit: string, places: readonly string[], series: readonly Series[]): string {
  const top = axisTop(Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0))))
  const x = (i: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (i + 0.5)) / places.length
  const y = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${short(y(part * top))}" y2="${short(y(part * top))}" stroke="currentColor" stroke-opacity="0.15"/>`,
    text(LEFT - 6, y(part * top) + 4, short(part * top), 'end'),
  ])
  const lines = series.flatMap(({ values }, i) => {
    const points = values.flatMap((value, at) => (value === undefined ? [] : [[x(at), y(value)].map(short)]))
    const path = points.map((point) => point.join(',')).join(' ')
    return [
      `<polyline points="${path}" fill="none" stroke="${colourOf(i)}" stroke-width="2"/>`,
      ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colourOf(i)}"/>`),
    ]
  })
  const legend = series.flatMap(({ name }, i) => {
    const [at, row] = [LEFT + (i % 2) * 290, HEIGHT + 14 + Math.floor(i / 2) * 20]
    return [
      `<rect x="${at}" y="${row - 10}" width="12" height="12" fill="${colourOf(i)}"/>`,
      text(at + 18, row, name, 'start'),
    ]
  })
  return svg(title, HEIGHT + Math.ceil(series.length / 2) * 20 + 8, [
    text(8, 16, unit, 'start'),
    ...grid,
    ...places.map((place, i) => text(x(i), HEIGHT - BOTTOM + 18, place, 'middle')),
    ...lines,
    ...legend,
  ])
}

/** One bar a name, each with its value. */
export function barPlot(title: string, unit: string, bars: readonly { name: string; value: number }[]): string {
  const names = 230
  const top = axisTop(Math.max(...bars.map(({ value }) => value)))
  return svg(title, TOP + bars.length * 26 + 4, [
    text(8, 16, unit, 'start'),
    ...bars.flatMap(({ name, value }, i) => {
      const y = TOP + i * 26
      const width = ((WIDTH - names - 70) * value) / top
      return [
        text(names - 8, y + 14, name, 'end'),
        `<rect x="${names}" y="${y}" width="${short(width)}" height="18" fill="${colourOf(name.startsWith('almanac') ? 0 : 1)}"/>`,
        text(names + width + 6, y + 14, short(value), 'start'),
      ]
    }),
  ])
}
