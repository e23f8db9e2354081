import { applyFilters, c4Quality, PROFILES, type ProfileName } from '@almanac/data-filter'
import { extractDocument } from '@almanac/data-filter/html'
import { languageFilter, openEld } from '@almanac/data-filter/language'
import { describe, expect, test } from 'vitest'
import { decide } from '../../src/filter-page/decide.js'
import { openJudge } from '../../src/filter-page/judge-page.js'
import { markLines } from '../../src/filter-page/line-marks.js'
import { PAGE_EXAMPLES } from '../../src/filter-page/page-examples.js'
import { PROFILE_NAMES } from '../../src/filter-page/profile-filters.js'
import type { Judgement } from '../../src/filter-page/protocol.js'

const judgePage = await openJudge()
const identifier = await openEld({ size: 'extrasmall' })
const EXTRACTORS = ['readability', 'density'] as const

function judgementOf(html: string, extractor: (typeof EXTRACTORS)[number] = 'readability'): Judgement {
  const answer = judgePage(html, extractor)
  if (answer.type !== 'judged') throw new Error(`expected a judgement, got ${JSON.stringify(answer)}`)
  return answer.judgement
}

/** By profile, what drops each example: of one rule each, and the profiles differ where the paper and the code do. */
const DROPS: Readonly<Record<string, Readonly<Record<ProfileName, string | null>>>> = {
  Article: { paper: null, 'fineweb-2024-05': null, 'datatrove-0.10': null },
  'Pull quote': { paper: null, 'fineweb-2024-05': 'char_dup_ratio', 'datatrove-0.10': 'char_dup_ratio' },
  'Shop list': {
    paper: 'line_punct_ratio',
    'fineweb-2024-05': 'line_punct_ratio',
    'datatrove-0.10': 'line_punct_ratio',
  },
  'Lorem ipsum': { paper: 'lorem_ipsum', 'fineweb-2024-05': 'lorem_ipsum', 'datatrove-0.10': 'lorem_ipsum' },
  Code: { paper: 'curly_bracket', 'fineweb-2024-05': 'curly_bracket', 'datatrove-0.10': 'curly_bracket' },
  Repetition: {
    paper: 'duplicated_5_n_grams',
    'fineweb-2024-05': 'duplicated_5_n_grams',
    'datatrove-0.10': 'duplicated_5_n_grams',
  },
}

describe.each(EXTRACTORS)('with %s', (extractor) => {
  test.each(PAGE_EXAMPLES)('the example $name shows what it is there for', ({ name, html }) => {
    const { filters, statistics } = judgementOf(html, extractor)
    for (const profile of PROFILE_NAMES) {
      const { dropped } = decide(filters[profile], statistics[profile])
      expect(dropped?.reason ?? null, profile).toBe(DROPS[name]?.[profile])
    }
  })

  test.each(PAGE_EXAMPLES)('$name is decided on as a pipeline would', ({ html }) => {
    const extraction = extractDocument(html, { extractor })
    if (extraction.outcome !== 'text') throw new Error('expected a text')
    const { filters, statistics } = judgementOf(html, extractor)
    // As a worker sends them.
    expect(structuredClone(filters)).toEqual(filters)
    for (const profile of PROFILE_NAMES) {
      const language = languageFilter({ identifier, languages: ['en'], profile })
      const verdict = applyFilters([language, ...PROFILES[profile].filters()], { all: true })({
        id: '',
        text: extraction.text,
        metadata: {},
      })
      const { dropped, others } = decide(filters[profile], statistics[profile])
      expect(dropped).toEqual(verdict.dropped)
      const all = dropped === null ? [] : [dropped, ...others]
      expect(all.map(({ filter, reason }) => `${filter}/${reason}`)).toEqual(verdict.reasons)
    }
  })
})

describe('lines', () => {
  test('are marked with the rule that takes them out', () => {
    const reasons = {
      'This line stays as it is, a sentence.': null,
      'Two words': 'few_words',
      '': 'few_words',
      'Please enable JavaScript to see this': 'javascript',
      'We make use of cookies on this site': 'policy',
      'Read our Privacy Policy before you go': 'policy',
      [`A word of ${'x'.repeat(1001)} letters`]: 'long_word',
      'Lorem ipsum dolor sit amet': 'lorem_ipsum',
      'if (here) { it is code': 'curly_bracket',
    }
    const marked = markLines(Object.keys(reasons).join('\n'))
    expect(Object.fromEntries(marked.map(({ text, removed }) => [text, removed]))).toEqual(reasons)
  })

  test.each(PAGE_EXAMPLES)('of $name that stay are the text that the filter gives', ({ html }) => {
    const extraction = extractDocument(html)
    if (extraction.outcome !== 'text') throw new Error('expected a text')
    const kept = markLines(extraction.text).filter(({ removed }) => removed === null)
    const { text } = c4Quality().measure(extraction.text, undefined as never, undefined as never)
    // It takes footnotes out of lines, too.
    expect(kept.map((line) => line.text.replaceAll('[1]', '')).join('\n')).toBe(text)
  })

  test('beyond those that a page can show are counted', () => {
    const page = `<article>${'<p>A line of the page, which has some words, and then some more of them, until it ends.</p>'.repeat(3000)}</article>`
    const { lines, moreLines, characters } = judgementOf(page, 'density')
    expect(lines.length).toBeLessThanOrEqual(500)
    expect(lines.length + moreLines).toBe(3000)
    expect(characters).toBeGreaterThan(200_000)
    const long = judgementOf(
      `<article><p>${'Words and words, and words again. '.repeat(5000)}</p></article>`,
      'density',
    )
    expect(long.lines[0]?.text).toHaveLength(40_004)
  })
})

test.each([
  ['', 'There is no page yet.'],
  [' \n ', 'There is no page yet.'],
  ['\0'.repeat(1e6), 'The extractor found no main content in this page.'],
  ['<title>Only this</title>', 'The extractor found no main content in this page.'],
  ['<div>'.repeat(2e5), 'The page was refused before it was read: it has more than 2048 elements inside one another.'],
  [
    '<i>a</i>'.repeat(1e5),
    'The page was refused before it was read: it has more than 300000 texts, attributes and thirds of elements.',
  ],
  ['a'.repeat(9e6), 'The page was refused before it was read: it has more than 8388608 bytes.'],
])('a page without a text is refused in words (%#)', (html, what) => {
  for (const extractor of EXTRACTORS) {
    const answer = judgePage(html, extractor)
    expect(answer).toMatchObject({ type: 'refused', what })
    expect((answer as { todo: string }).todo).toMatch(/\.$/)
  }
})
