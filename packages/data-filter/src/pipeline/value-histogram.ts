/**
 * How often values were in which bin; histograms of parts add up to the histogram of the whole. Up to 1, where shares lie, a bin is a
 * hundredth wide; above, each is a tenth wider than the one before, so that lengths and counts of any size have a place.
 */
export type ValueHistogram = Readonly<Record<number, number>>

const LINEAR = 100
const GROWTH = Math.log(1.1)

/** The bin of a value. Negative values are in bins below 0, mirrored. */
export function binOf(value: number): number {
  if (value < 0) return -1 - binOf(-value)
  return value <= 1 ? Math.floor(value * LINEAR) : LINEAR + 1 + Math.floor(Math.log(value) / GROWTH)
}

/** Where a bin begins and ends. */
export function binEdges(bin: number): readonly [from: number, to: number] {
  if (bin < 0) {
    const [from, to] = binEdges(-1 - bin)
    return [-to, -from]
  }
  if (bin <= LINEAR) return [bin / LINEAR, bin === LINEAR ? 1 : (bin + 1) / LINEAR]
  const step = bin - LINEAR - 1
  return [Math.exp(step * GROWTH), Math.exp((step + 1) * GROWTH)]
}

/** The value below which the share lies, to the width of a bin; null where nothing was counted. */
export function quantileOf(histogram: ValueHistogram, share: number): number | null {
  const bins = Object.entries(histogram).map(([bin, count]) => [Number(bin), count] as const)
  bins.sort(([a], [b]) => a - b)
  let left = share * bins.reduce((total, [, count]) => total + count, 0)
  for (const [bin, count] of bins) {
    if (count >= left) {
      const [from, to] = binEdges(bin)
      return from + ((to - from) * left) / count
    }
    left -= count
  }
  return null
}
