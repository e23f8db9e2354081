/** Round numbers, four or so, from at most `low` to at least `high`. */
export function ticks(low: number, high: number): number[] {
  const span = Math.max(high - low, Number.EPSILON)
  const power = 10 ** Math.floor(Math.log10(span / 3))
  const step = power * ([1, 2, 5, 10].find((factor) => span / (factor * power) <= 5) as number)
  const first = Math.floor(low / step)
  const last = Math.ceil(high / step)
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}
