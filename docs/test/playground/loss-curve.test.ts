import { expect, test } from 'vitest'
import { formatBytes, formatDuration, formatRate } from '../../src/playground/format-quantity.js'
import { lossCurve } from '../../src/playground/loss-curve.js'

const box = { left: 0, right: 100, top: 0, bottom: 80 }

test('losses stand at the step that they end, between round numbers', () => {
  const { path, dots, last, nats, steps } = lossCurve([5, 4, 3], [{ step: 2, nats: 2 }], 10, box)
  expect(path).toBe('M10 0L20 26.7L30 53.3')
  expect(dots).toEqual([{ x: 20, y: 80 }])
  expect(last).toEqual({ x: 30, y: 53.3, nats: 3 })
  expect(nats.map(({ label }) => label)).toEqual(['2', '3', '4', '5'])
  expect(steps).toEqual([0, 2, 4, 6, 8, 10].map((step) => ({ at: step * 10, label: `${step}` })))
})

test('a flat curve has an axis with digits, and an empty one the range of guessing', () => {
  const flat = lossCurve([1.5, 1.5], [], 2, box)
  expect(flat.nats.map(({ label }) => label)).toEqual(['1.500', '1.501'])
  expect(flat.path).toBe('M50 80L100 80')
  const empty = lossCurve([], [], 0, box)
  expect(empty).toMatchObject({ path: '', last: null })
  expect(empty.nats.map(({ label }) => label)).toEqual(['0', '2', '4', '6'])
})

test('quarters of a nat get two digits', () => {
  expect(lossCurve([2.2, 1.26], [], 2, box).nats.map(({ label }) => label)).toEqual([
    '1.25',
    '1.50',
    '1.75',
    '2.00',
    '2.25',
  ])
})

test('a long run is drawn by the means of neighbours', () => {
  const losses = Array.from({ length: 3000 }, (_, i) => (i % 2 === 0 ? 1 : 3))
  const { path, last } = lossCurve(losses, [], 3000, box)
  expect(path.split('L')).toHaveLength(300)
  expect(last?.nats).toBe(2)
})

test('quantities are short', () => {
  expect([7, 1500, 5.52 * 2 ** 20, 300 * 2 ** 20].map(formatBytes)).toEqual([
    '7 bytes',
    '1.46 KiB',
    '5.52 MiB',
    '300 MiB',
  ])
  expect([0.4, 61, 7300].map(formatDuration)).toEqual(['1 s', '1 min 1 s', '2 h 1 min'])
  expect([1.234, 12345.6].map(formatRate)).toEqual(['1.23', '12,346'])
})
