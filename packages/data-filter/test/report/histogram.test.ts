import { expect, test } from 'vitest'
import type { Rule } from '../../src/index.js'
import { breaksRule } from '../../src/index.js'
import { binOf, type ValueHistogram } from '../../src/pipeline/index.js'
import { axisOf } from '../../src/report/histogram-axis.js'
import { barsOf } from '../../src/report/histogram-bars.js'
import { type Cells, cellsOf } from '../../src/report/histogram-cells.js'
import { histogramFigure, PLOT } from '../../src/report/histogram-figure.js'

const histogramOf = (values: readonly number[]): ValueHistogram => {
  const bins: Record<number, number> = {}
  for (const value of values) bins[binOf(value)] = (bins[binOf(value)] ?? 0) + 1
  return bins
}
const rule = (drops: Rule['drops'], than: number): Rule => ({ statistic: 's', drops, than, reason: 'r' })
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

/** Numbers from 0 to 1, the same each time. */
const drawn = (count: number): number[] => Array.from({ length: count }, (_, i) => ((i * 7919 + 13) % 10007) / 10007)

const CASES: Readonly<Record<string, readonly [readonly number[], readonly Rule[]]>> = {
  'shares with a spike at 0': [[...drawn(300), ...Array<number>(900).fill(0)], [rule('>', 0.3)]],
  'shares, some exactly 1': [
    [...drawn(99), 1, 1, 1],
    [rule('<=', 0.12), rule('>=', 0.67)],
  ],
  'shares with two strays': [[...drawn(99), 1.5, 7], [rule('>', 0.3)]],
  'all of them 0': [Array<number>(40).fill(0), [rule('>', 0.2)]],
  'a threshold within a bin': [drawn(200), [rule('<', 0.125)]],
  words: [drawn(500).map((x) => Math.round(Math.exp(2 + 8 * x))), [rule('<', 50), rule('>', 100_000)]],
  'a few whole numbers': [drawn(200).map((x) => Math.floor(9 * x)), [rule('<', 2)]],
  'yes and no': [drawn(50).map((x) => (x > 0.9 ? 1 : 0)), [rule('>', 0)]],
  lengths: [drawn(400).map((x) => 2.5 + 9 * x), [rule('<', 3), rule('>', 10)]],
  'below zero': [drawn(400).map((x) => -20 + 25 * x), [rule('<', -7.5)]],
  'huge ones': [drawn(60).map((x) => 10 ** (300 * x)), [rule('>', 1e200)]],
  'no rules': [drawn(60).map((x) => 40 * x), []],
}

test.for(Object.entries(CASES))('%s: areas are counts, and bars lie side by side', ([, [numbers, rules]]) => {
  const values = cellsOf(histogramOf(numbers), rules)
  const axis = axisOf(values, rules, 340)
  const { bars, areaOfOne, beyond } = barsOf(values, rules, axis, 100)
  expect(values.total).toBe(numbers.length)
  expect(sum(bars.map(({ count }) => count)) + beyond).toBeCloseTo(numbers.length, 6)
  for (const { width, height, count, cutOff } of bars) {
    if (cutOff) expect(height * width).toBeLessThan(count * areaOfOne)
    else expect(height * width).toBeCloseTo(count * areaOfOne, 6)
    expect(height).toBeLessThanOrEqual(100 + 1e-9)
  }
  expect(Math.max(...bars.map(({ height }) => height))).toBeCloseTo(100, 6)
  for (const [i, { x, width }] of bars.entries()) {
    expect(x).toBeGreaterThanOrEqual(-1e-9)
    expect(x + width).toBeLessThanOrEqual((bars[i + 1]?.x ?? 340) + 1e-6)
  }
  // Ticks lie on the axis, apart from each other.
  expect(axis.ticks.length).toBeGreaterThanOrEqual(2)
  for (const [i, { x }] of axis.ticks.entries()) {
    expect(x).toBeGreaterThanOrEqual(0)
    expect(x).toBeLessThanOrEqual(340)
    if (i > 0) expect(x - (axis.ticks[i - 1]?.x as number)).toBeGreaterThan(15)
  }
})

test.for(['words', 'a few whole numbers', 'yes and no'])('%s: bars are dropped as the rule drops', (name) => {
  const [numbers, rules] = CASES[name] as (typeof CASES)[string]
  const values = cellsOf(histogramOf(numbers), rules)
  const { bars } = barsOf(values, rules, axisOf(values, rules, 340), 100)
  const dropped = numbers.filter((s) => rules.some((one) => breaksRule(one, { s }))).length
  expect(dropped).toBeGreaterThan(0)
  expect(sum(bars.filter((bar) => bar.dropped).map(({ count }) => count))).toBeCloseTo(dropped, 6)
})

const lineOf = (numbers: readonly number[], rules: readonly Rule[]): number[] => {
  const svg = histogramFigure({
    id: 'h',
    statistic: 's',
    histogram: histogramOf(numbers),
    rules,
    dropped: () => null,
    labels: rules.length,
  })
  return [...svg.matchAll(/class="threshold" d="M([\d.]+) /g)].map((found) => Number(found[1]))
}

test('a threshold of shares is at its pixel', () => {
  expect(lineOf(drawn(100), [rule('>', 0.3), rule('<', 0.8)])).toEqual([0.3 * PLOT.width, 0.8 * PLOT.width])
})

test('a threshold of counts is between the numbers that it keeps and drops', () => {
  const numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  const step = PLOT.width / 9
  const [two] = lineOf(numbers, [rule('<', 2)])
  expect(two).toBeCloseTo(2 * step, 2)
  expect(lineOf(numbers, [rule('<=', 2)])[0]).toBeCloseTo(3 * step, 2)
  expect(lineOf(numbers, [rule('>', 2)])[0]).toBeCloseTo(3 * step, 2)
  expect(lineOf(numbers, [rule('>=', 2)])[0]).toBeCloseTo(2 * step, 2)
})

test('a threshold of many counts is where the axis has it', () => {
  // Up to the margin at the right, which is 8 % of the rest.
  const [low, high] = [Math.log1p(9.5), Math.log1p(1000.5)]
  const numbers = Array.from({ length: 10 }, (_, i) => 10 + i)
  const whole = (Math.log1p(1000.5) - low) * 1.08
  expect(lineOf(numbers, [rule('>', 1000)])[0]).toBeCloseTo((PLOT.width * (high - low)) / whole, 1)
})

test('says what a rule drops: as it was counted, or as the bins have it', () => {
  const numbers = [...Array<number>(3).fill(0.1), 0.45]
  const [histogram, rules] = [histogramOf(numbers), [rule('>', 0.3)]]
  const options = { id: 'h', statistic: 's', histogram, rules, labels: 1 }
  expect(histogramFigure({ ...options, dropped: () => 2 })).toContain('&gt; 0.3 drops 50.0%</text>')
  expect(histogramFigure({ ...options, dropped: () => null })).toContain('&gt; 0.3 drops about 25.0%</text>')
})

test('values that are not finite are counted and not drawn', () => {
  const histogram = { ...histogramOf([0.5, 0.25]), [Number.POSITIVE_INFINITY]: 2, [Number.NaN]: 1 } as ValueHistogram
  const values: Cells = cellsOf(histogram, [])
  expect(values).toMatchObject({ total: 2, endless: 3 })
  const svg = histogramFigure({ id: 'h', statistic: 's', histogram, rules: [], dropped: () => null, labels: 0 })
  expect(svg).toContain('2 documents, median 0.26, 3 not finite')
  expect(svg).not.toMatch(/NaN|Infinity/)
})

test('a histogram of nothing says so', () => {
  const options = { id: 'h', statistic: 's', histogram: {}, rules: [rule('>', 0.3)], labels: 1 }
  expect(histogramFigure({ ...options, dropped: () => 0 })).toContain('not measured')
})

test('a median is as exact as the bins', () => {
  const captionOf = (numbers: readonly number[], rules: readonly Rule[] = []) => {
    const histogram = histogramOf(numbers)
    const figure = histogramFigure({ id: 'h', statistic: 's', histogram, rules, dropped: () => null, labels: 1 })
    return /, (median [^<]*)<\/span>/.exec(figure)?.[1]
  }
  expect(captionOf([0, 0, 7])).toBe('median 0')
  expect(captionOf([2, 5, 5, 9])).toBe('median 5')
  expect(captionOf([3800, 3900, 4000])).toBe('median 3,900')
  expect(captionOf([0, 0, 0.5], [rule('>', 0.2)])).toBe('median &lt;0.01')
})
