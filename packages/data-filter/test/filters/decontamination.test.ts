import { seededRandom } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { FormatError, OptionError } from '../../src/data-filter-error.js'
import {
  applyFilters,
  buildBenchmarkIndex,
  type DecontaminationOptions,
  type Document,
  decontamination,
  openBenchmarkIndex,
  replayFilters,
  saveBenchmarkIndex,
} from '../../src/index.js'
import { simplifyText } from '../../src/minhash/index.js'

const documentOf = (text: string): Document => ({ id: 'a', text, metadata: {} })
const measured = (options: DecontaminationOptions, text: string) =>
  applyFilters([decontamination(options)], { all: true })(documentOf(text))
const matchesOf = (options: DecontaminationOptions, text: string) =>
  measured(options, text).statistics['decontamination']?.['matches']

// datatrove's example of what is compared: n-grams of 4, a question A ... E and its answer F ... J.
const EXAMPLE = [{ name: 'example', questionsAndAnswers: [{ question: 'A B C D E', answers: ['F G H I J'] }] }]

describe('which n-grams of a question and its answer are compared', () => {
  const all = ['A B C D', 'B C D E', 'C D E F', 'D E F G', 'E F G H', 'F G H I', 'G H I J']
  test.each([
    [false, false, ['F G H I', 'G H I J']],
    [true, false, ['A B C D', 'B C D E', 'F G H I', 'G H I J']],
    [false, true, ['C D E F', 'D E F G', 'E F G H', 'F G H I', 'G H I J']],
    [true, true, all],
  ])('questions %s, overlaps %s', (questions, overlaps, wanted) => {
    const options = { benchmarks: EXAMPLE, ngram: 4, questions, overlaps }
    expect(all.filter((text) => matchesOf(options, text) === 1)).toEqual(wanted)
    expect(buildBenchmarkIndex(options).benchmarks).toEqual([
      { name: 'example', ngrams: wanted.length, texts: 1, tooShort: 0 },
    ])
  })

  test('by default those of answers and overlaps, of 13 words', () => {
    const words = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => String.fromCharCode(97 + from + i)).join(' ')
    const benchmarks = [{ name: 'b', questionsAndAnswers: [{ question: words(0, 14), answers: [words(14, 26)] }] }]
    // Question of 14 words, answer of 12: overlaps begin at words 2 to 13.
    expect([1, 2, 13].map((from) => matchesOf({ benchmarks }, words(from, from + 13)))).toEqual([0, 1, 1])
    expect(buildBenchmarkIndex({ benchmarks }).benchmarks[0]?.ngrams).toBe(12)
  })

  test('short ones are counted', () => {
    const benchmarks = [{ name: 'b', texts: ['one two', 'one two three', '', '...'] }]
    expect(buildBenchmarkIndex({ benchmarks, ngram: 3 }).benchmarks).toEqual([
      { name: 'b', ngrams: 1, texts: 1, tooShort: 3 },
    ])
  })
})

describe('decontamination', () => {
  const options = {
    benchmarks: [
      { name: 'first', texts: ['The quick, brown fox jumps!'] },
      { name: 'second', texts: ['brown fox jumps'] },
    ],
    ngram: 3,
  }

  test('says which benchmark and which words, and does not mind case and marks', () => {
    const { dropped, document, statistics } = measured(
      options,
      'So. "The QUICK brown; fox jumps" and a quick brown fox.',
    )
    expect(dropped).toEqual({ filter: 'decontamination', reason: 'contaminated' })
    expect(statistics['decontamination']).toEqual({ matches: 4, match_share: 4 / 9 })
    expect(document.metadata).toEqual({
      contaminated_task: 'first',
      contaminated_ngram: 'the quick brown',
      contamination: {
        benchmarks: { first: 4, second: 1 },
        passages: ['the quick brown fox jumps', 'quick brown fox'],
      },
    })
  })

  test('leaves other documents as they are', () => {
    const other = documentOf('the quick fox and the brown one')
    const { document, dropped, statistics } = applyFilters([decontamination(options)])(other)
    expect([document, dropped]).toEqual([other, null])
    expect(statistics['decontamination']).toEqual({ matches: 0, match_share: 0 })
    expect(measured(options, 'too short').statistics['decontamination']).toEqual({ matches: 0 })
    expect(measured(options, '').dropped).toBeNull()
  })

  test('drops above its numbers and not at them', () => {
    // Two of four n-grams.
    const text = 'quick brown fox jumps over it'
    const dropped = (more: object) => measured({ ...options, ...more }, text).dropped?.reason ?? null
    expect([1, 2, 3].map((maxMatches) => dropped({ maxMatches }))).toEqual(['contaminated', null, null])
    expect([0.49, 0.5].map((maxShare) => dropped({ maxMatches: null, maxShare }))).toEqual(['contaminated_share', null])
    const { statistics } = measured(options, text)
    expect(replayFilters([decontamination({ ...options, maxMatches: 1 })], statistics)?.reason).toBe('contaminated')
    expect(replayFilters([decontamination({ ...options, maxMatches: 2 })], statistics)).toBeNull()
  })

  test.each([1, 2, 3, 7])('counts what a set of strings counts, n-grams of %i', (ngram) => {
    const random = seededRandom(ngram)
    const words = ['a', 'b', 'ab', 'ba', 'c,', 'É', 'e', '12', '3.5']
    const text = (length: number) => Array.from({ length }, () => random.pick(words)).join(' ')
    const grams = (of: string) => {
      const list = simplifyText(of)
        .split(' ')
        .filter((word) => word !== '')
      return list.slice(ngram - 1).map((_, i) => list.slice(i, i + ngram).join(' '))
    }
    let both = 0
    for (let round = 0; round < 40; round++) {
      const texts = Array.from({ length: 5 }, () => text(random.integer(12)))
      const set = new Set(texts.flatMap(grams))
      const page = `${text(random.integer(200))} ${random.pick(texts)} ${text(random.integer(9))}`
      const wanted = grams(page).filter((gram) => set.has(gram)).length
      const own = { benchmarks: [{ name: 'b', texts }], ngram }
      expect(matchesOf(own, page)).toBe(wanted)
      expect(buildBenchmarkIndex(own).benchmarks[0]?.ngrams).toBe(set.size)
      if (wanted > 0 && wanted < grams(page).length) both++
    }
    expect(both).toBeGreaterThan(5)
  })

  test('tells apart the order of words, and where words end', () => {
    const own = { benchmarks: [{ name: 'b', texts: ['one two three four'] }], ngram: 4 }
    for (const other of [
      'two one three four',
      'one two four three',
      'onet wo three four',
      'four three two one',
      'one one three four',
    ])
      expect([other, matchesOf(own, other)]).toEqual([other, 0])
    expect(matchesOf(own, 'one two three four')).toBe(1)
  })

  test('passages are limited, matches are not', () => {
    const text = Array.from({ length: 50 }, () => 'brown fox jumps xx').join(' ')
    const { document, statistics } = measured({ ...options, benchmarks: [options.benchmarks[1]!] }, text)
    const { passages } = document.metadata['contamination'] as unknown as { passages: string[] }
    expect([passages.length, passages.at(-1), statistics['decontamination']?.['matches']]).toEqual([
      20,
      'brown fox jumps',
      50,
    ])
  })

  test.each([
    [{ ngram: 0 }, 'buildBenchmarkIndex: ngram: expected a whole number from 1 to 1000, got 0.'],
    [
      { benchmarks: [{ name: 'a' }, { name: 'a' }] },
      'buildBenchmarkIndex: benchmarks: expected each name once, got "a" twice.',
    ],
    [{ maxMatches: -1 }, 'decontamination: maxMatches: expected a number from 0 on, or null, got -1.'],
    [{ maxShare: 1.5 }, 'decontamination: maxShare: expected a share from 0 to 1, got 1.5.'],
  ])('refuses %o', (more, message) => {
    const make = () => decontamination({ ...options, ...more })
    expect(make).toThrow(message)
    expect(make).toThrow(OptionError)
  })
})

describe('an index', () => {
  const index = buildBenchmarkIndex({ benchmarks: [...EXAMPLE, { name: 'ünd', texts: ['x y z w v'] }], ngram: 4 })

  test('is the same after it was saved, at any place in a buffer', async () => {
    const bytes = await saveBenchmarkIndex(index)
    const moved = new Uint8Array(bytes.length + 1)
    moved.set(bytes, 1)
    for (const saved of [bytes, moved.subarray(1)]) {
      const opened = await openBenchmarkIndex(saved)
      expect(opened).toEqual(index)
      expect(matchesOf({ index: opened }, 'X Y Z W')).toBe(1)
    }
    expect(new TextDecoder().decode(bytes.subarray(0, 8))).toBe('ALMBENCH')
    const empty = buildBenchmarkIndex({ benchmarks: [] })
    expect(await openBenchmarkIndex(await saveBenchmarkIndex(empty))).toEqual(empty)
    expect(matchesOf({ index: empty }, 'a b c d e f g h i j k l m n')).toBe(0)
  })

  test('is refused where any byte has changed, or is missing', async () => {
    const bytes = await saveBenchmarkIndex(index)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 1
      await expect(openBenchmarkIndex(changed, 'a.index')).rejects.toThrow(FormatError)
      await expect(openBenchmarkIndex(bytes.subarray(0, at), 'a.index')).rejects.toThrow('a.index: expected')
    }
    await expect(openBenchmarkIndex(new Uint8Array(3), 'a.index')).rejects.toThrow(
      'a.index: expected a file that begins with ALMBENCH, got 3 bytes of something else.',
    )
    const header = bytes.slice()
    header[12] = 0x5b
    await expect(openBenchmarkIndex(header, 'a.index')).rejects.toThrow(
      'a.index: expected a header of kind almanac.benchmark-index, version 1, got none.',
    )
    const last = bytes.slice()
    last[bytes.length - 1] = 9
    await expect(openBenchmarkIndex(last, 'a.index')).rejects.toThrow(
      /^a\.index: expected 7 n-grams of the checksum [0-9a-f]{16}, got 7 of [0-9a-f]{16}\. Build the index again\.$/,
    )
  })
})
