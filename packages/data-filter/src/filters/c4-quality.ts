import { countSentences } from '../text/sentence-ends.js'
import { splitLines, strip } from '../text/split-lines.js'
import type { Filter } from './filter.js'

export interface C4QualityOptions {
  readonly minSentences?: number
  /** Lines with fewer words go. */
  readonly minWordsPerLine?: number
  /** Lines with a longer word go. */
  readonly maxWordLength?: number
  /** Lines go that do not end in . ? ! " or ', or end in an ellipsis. FineWeb leaves it out: it would drop 30 % of all tokens. */
  readonly terminalPunctuation?: boolean
}

const CITATIONS = /\[\d*\]|\[edit\]|\[citation needed\]/g
const POLICIES = ['terms of use', 'privacy policy', 'cookie policy', 'uses cookies', 'use of cookies', 'use cookies']
const ENDS = ['.', '?', '!', '"', "'"]

/**
 * Takes out lines, and drops what is left of pages that are no prose. Raffel et al. 2020 (arXiv 1910.10683), section 2.2, as
 * datatrove's `C4QualityFilter` does it: line by line, until one has "lorem ipsum" or a curly bracket, which drops the page.
 * The defaults are datatrove's; those of the reference in TensorFlow Datasets are minWordsPerLine 5 and minSentences 3.
 */
export function c4Quality(options: C4QualityOptions = {}): Filter {
  const { minSentences = 5, minWordsPerLine = 3, maxWordLength = 1000, terminalPunctuation = false } = options
  return {
    name: 'c4-quality',
    rules: [
      { statistic: 'lorem_ipsum', drops: '>', than: 0, reason: 'lorem_ipsum' },
      { statistic: 'curly_bracket', drops: '>', than: 0, reason: 'curly_bracket' },
      { statistic: 'sentences', drops: '<', than: minSentences, reason: 'too_few_sentences' },
    ],
    settings: { minWordsPerLine, maxWordLength, terminalPunctuation },
    measure(text) {
      const kept: string[] = []
      const lines = splitLines(text)
      /** The first line that drops the page decides on the reason; those behind it are still looked at. */
      let stopped = false
      const statistics = { lorem_ipsum: 0, curly_bracket: 0, sentences: 0, lines: lines.length, lines_removed: 0 }
      for (const raw of lines) {
        const stripped = strip(raw)
        const { count, longest } = wordsOf(stripped, maxWordLength)
        if (longest > maxWordLength) continue
        const line = stripped.includes('[') ? stripped.replace(CITATIONS, '') : stripped
        if (terminalPunctuation && (!ENDS.some((end) => line.endsWith(end)) || line.endsWith('...'))) continue
        if (count < minWordsPerLine) continue
        const lower = line.toLowerCase()
        if (lower.includes('lorem ipsum')) {
          if (!stopped) statistics.lorem_ipsum = 1
          stopped = true
          continue
        }
        if (lower.includes('javascript')) continue
        if (line.includes('{')) {
          if (!stopped) statistics.curly_bracket = 1
          stopped = true
          continue
        }
        if (mentionsPolicy(lower)) continue
        statistics.sentences += countSentences(line)
        kept.push(line)
      }
      statistics.lines_removed = lines.length - kept.length
      return { statistics, text: strip(kept.join('\n')) }
    },
  }
}

/** All phrases have one of two words: most lines have neither. */
const mentionsPolicy = (lower: string): boolean =>
  (lower.includes('cookie') || lower.includes('terms of use') || lower.includes('privacy policy')) &&
  POLICIES.some((phrase) => lower.includes(phrase))

/** Words between white space, and the code points of the longest, if it may be above the limit. */
function wordsOf(line: string, limit: number): { count: number; longest: number } {
  let [count, longest, start] = [0, 0, -1]
  for (let i = 0; i <= line.length; i++) {
    const code = i < line.length ? line.charCodeAt(i) : 32
    const space = code <= 32 ? code === 32 || (code >= 9 && code <= 13) || code >= 28 : code > 127 && isWideSpace(code)
    if (!space) {
      if (start < 0) start = i
      continue
    }
    if (start < 0) continue
    count++
    if (i - start > longest) longest = i - start > limit ? [...line.slice(start, i)].length : i - start
    start = -1
  }
  return { count, longest }
}

const isWideSpace = (code: number): boolean =>
  code === 0x85 ||
  code === 0xa0 ||
  code === 0x1680 ||
  (code >= 0x2000 && code <= 0x200a) ||
  code === 0x2028 ||
  code === 0x2029 ||
  code === 0x202f ||
  code === 0x205f ||
  code === 0x3000
