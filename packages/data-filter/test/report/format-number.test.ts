import { expect, test } from 'vitest'
import { formatCount, formatShare, formatTick, formatValue } from '../../src/report/format-number.js'

test('counts have separators', () => {
  expect([0, 999, 1000, 1234567, 12345678901].map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567',
    '12,345,678,901',
  ])
})

test('what is not nothing is not 0%, and what is not all is not 100%', () => {
  expect(formatShare(0, 5)).toBe('0%')
  expect(formatShare(5, 5)).toBe('100%')
  expect(formatShare(1, 3)).toBe('33.3%')
  expect(formatShare(1, 1_000_000)).toBe('<0.1%')
  expect(formatShare(999_999, 1_000_000)).toBe('>99.9%')
  expect(formatShare(0, 0)).toBe('–')
})

test('thresholds and ticks are short', () => {
  expect([0.01, 0.67, 3, 100_000, -2000, 1234.5, 0.123456].map(formatValue)).toEqual([
    '0.01',
    '0.67',
    '3',
    '100,000',
    '-2,000',
    '1,235',
    '0.1235',
  ])
  expect([0, 0.2, 500, 1000, 20_000, 5e6, -3000, 1e18].map(formatTick)).toEqual([
    '0',
    '0.2',
    '500',
    '1k',
    '20k',
    '5M',
    '-3k',
    '1e18',
  ])
})
