/** `1234567` as `1,234,567`: no locale, so that a report is the same everywhere. */
export const formatCount = (count: number): string => `${Math.round(count)}`.replace(/\B(?=(\d{3})+$)/g, ',')

/** A part of a whole in percent. What is not nothing never reads as 0%, and what is not all never as 100%. */
export function formatShare(part: number, whole: number): string {
  if (whole === 0) return '–'
  const percent = (100 * part) / whole
  if (part === 0 || part === whole) return `${percent}%`
  if (percent < 0.1 && percent > 0) return '<0.1%'
  if (percent > 99.9 && percent < 100) return '>99.9%'
  return `${percent.toFixed(1)}%`
}

/** A threshold or a statistic: separators in what is large, four digits of what is small. */
export function formatValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) {
    return value < 0 ? `-${formatCount(-value)}` : formatCount(value)
  }
  return Math.abs(value) >= 1000 && Math.abs(value) < 1e15
    ? formatValue(Math.round(value))
    : `${Number(value.toPrecision(4))}`
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
]

/** A number on an axis: `20000` as `20k`. */
export function formatTick(value: number): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(0).replace('e+', 'e')
  const [size, unit] = UNITS.find(([least]) => Math.abs(value) >= least) ?? [1, '']
  return `${Number((value / size).toPrecision(4))}${unit}`
}
