import { expect, test } from 'vitest'
import { decide, ruleKey, withThresholds } from '../../src/filter-page/decide.js'
import { PROFILE_NAMES, profileFilters } from '../../src/filter-page/profile-filters.js'
import { FILTER_NOTES, ruleNote } from '../../src/filter-page/rule-notes.js'
import { formatStatistic, placeOn, ruleScale } from '../../src/filter-page/rule-scale.js'
import { othersWords, verdictWords } from '../../src/filter-page/verdict-words.js'

const RULES = [
  {
    name: 'gopher-quality',
    rules: [
      { statistic: 'words', drops: '<', than: 50, reason: 'gopher_short_doc' },
      { statistic: 'stop_words', drops: '<', than: 2, reason: 'gopher_enough_stop_words' },
    ],
  },
  {
    name: 'fineweb-quality',
    rules: [{ statistic: 'short_lines', drops: '>', than: 0.67, reason: 'short_line_ratio' }],
  },
] as const

test('every rule of every profile has words and a scale that its threshold lies on', () => {
  for (const profile of PROFILE_NAMES) {
    for (const { name, rules } of profileFilters(profile)) {
      expect(FILTER_NOTES, name).toHaveProperty(name)
      for (const rule of rules) {
        const note = ruleNote(rule)
        expect(note.name, rule.reason).not.toBe(rule.reason.replaceAll('_', ' '))
        if (note.fixed) continue
        const scale = ruleScale(rule, note)
        expect(placeOn(scale, rule.than), rule.reason).toBeGreaterThan(0)
        expect(placeOn(scale, rule.than), rule.reason).toBeLessThan(1)
        // The slider can stand at the threshold exactly.
        expect(Math.abs(rule.than / scale.step - Math.round(rule.than / scale.step)), rule.reason).toBeLessThan(1e-9)
      }
    }
  }
})

test('a rule of a filter that is new goes by its own name', () => {
  expect(ruleNote({ reason: 'low_score' })).toEqual({ name: 'low score' })
})

test('the first rule that is broken drops; the others are named, and moved thresholds count', () => {
  const statistics = {
    'gopher-quality': { words: 40, stop_words: 1 },
    'fineweb-quality': { short_lines: 0.7 },
  }
  const decision = decide(RULES, statistics)
  expect(decision).toEqual({
    dropped: { filter: 'gopher-quality', reason: 'gopher_short_doc' },
    others: [
      { filter: 'gopher-quality', reason: 'gopher_enough_stop_words' },
      { filter: 'fineweb-quality', reason: 'short_line_ratio' },
    ],
    numbers: 3,
  })
  expect(verdictWords(decision, 'paper')).toBe(
    'Dropped by Gopher: quality, “Words, at least”. 2 other rules would drop it, too.',
  )
  expect(othersWords(decision.others)).toBe('Also: Gopher: quality, “Different stop words”; FineWeb, “Short lines”.')
  const shorter = withThresholds(RULES, { 'gopher-quality/gopher_short_doc': 40 })
  expect(decide(shorter, statistics)).toMatchObject({
    dropped: { filter: 'gopher-quality', reason: 'gopher_enough_stop_words' },
    others: [{ filter: 'fineweb-quality', reason: 'short_line_ratio' }],
  })
  const looser = withThresholds(shorter, {
    'gopher-quality/gopher_enough_stop_words': 1,
    [ruleKey({ filter: 'fineweb-quality', reason: 'short_line_ratio' })]: 0.7,
  })
  expect(decide(looser, statistics)).toMatchObject({ dropped: null, others: [] })
  expect(verdictWords(decide(looser, statistics), 'paper')).toBe('Kept. Every rule of paper lets this text pass.')
  expect(RULES[0].rules[0].than).toBe(50)
})

test('what lies beyond a scale stands at its end', () => {
  expect(placeOn({ most: 200, step: 1 }, 1000)).toBe(1)
  expect(placeOn({ most: 200, step: 1 }, 50)).toBe(0.25)
  expect(['0', '312', '100,000', '0.0531', '4.37']).toEqual([0, 312, 1e5, 0.05312, 4.3712].map(formatStatistic))
})
