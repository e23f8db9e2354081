const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

/** A number of at most four digits. */
export const short = (value: number): string => Number(value.toPrecision(4)).toString()

export const FAINT = 'stroke="currentColor" stroke-opacity="0.15"'

/** The start of a picture that is as wide as the page, but no wider than it is drawn. */
export const openSvg = (title: string, width: number, height: number): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}" style="max-width:${width}px;width:100%">`

export const text = (x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string =>
  `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" font-size="12" fill="currentColor">${escaped(content)}</text>`

export const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${short(x1)}" x2="${short(x2)}" y1="${short(y1)}" y2="${short(y2)}" ${style}/>`
