import { seededRandom } from '@almanac/test-kit'
import { expect, test } from 'vitest'
import {
  applyFilters,
  fineWebQuality,
  gopherQuality,
  gopherRepetition,
  PROFILES,
  replayFilters,
} from '../../src/index.js'
import { differentWords } from './reasons-of.js'

/** Texts of all kinds: lines and words that repeat, marks, short and long ones. */
function texts(count: number): string[] {
  const random = seededRandom(17)
  const vocabulary = [...differentWords(40), 'the', 'of', 'and', 'that', '#', '-', '12', '...']
  return Array.from({ length: count }, () => {
    const lines = Array.from({ length: 1 + random.integer(12) }, () => {
      const length = 1 + random.integer(14)
      const words = Array.from({ length }, () => random.pick(vocabulary))
      return words.join(' ') + (random.integer(3) > 0 ? '.' : '')
    })
    if (random.integer(3) === 0) lines.push(...lines.slice(0, random.integer(lines.length)))
    return lines.join('\n')
  })
}

test('statistics that were kept decide as the texts do, also by other thresholds', () => {
  const measured = [gopherRepetition(), gopherQuality(), fineWebQuality()]
  const others = [
    gopherRepetition({ lines: 0.1, repeated: [0.05, 0.05, 0.05, 0.05, 0.05, 0.05] }),
    gopherQuality({ minWords: 30, minStopWords: 1 }),
    fineWebQuality({ shortLines: { drops: '>=', than: 0.4 }, repeatedCharacters: { drops: '>', than: 0.1 } }),
  ]
  const outcomes = new Set<string>()
  const [keep, decide] = [applyFilters(measured, { all: true }), applyFilters(others)]
  for (const [i, text] of texts(400).entries()) {
    const document = { id: `${i}`, text, metadata: {} }
    const { dropped } = decide(document)
    expect(replayFilters(others, keep(document).statistics), text).toEqual(dropped)
    outcomes.add(dropped?.reason ?? 'kept')
  }
  // Or the texts would say little.
  expect(outcomes.size).toBeGreaterThan(6)
})

test('profiles are replayed in their order', () => {
  const { statistics } = applyFilters(PROFILES.paper.filters(), { all: true })({
    id: '1',
    text: 'short {text}',
    metadata: {},
  })
  expect(replayFilters(PROFILES.paper.filters(), statistics)).toEqual({
    filter: 'gopher-quality',
    reason: 'gopher_short_doc',
  })
  expect(replayFilters(PROFILES['datatrove-0.10'].filters(), statistics)).toEqual({
    filter: 'gopher-repetition',
    reason: 'top_2_gram',
  })
  expect(replayFilters([fineWebQuality()], {})).toBeNull()
})
