import { LETTER, WORD } from '../text/character-classes.js'
import { splitLines } from '../text/split-lines.js'
import type { WordTokens } from '../text/word-tokens.js'
import type { Filter } from './filter.js'

export interface GopherQualityOptions {
  readonly minWords?: number
  readonly maxWords?: number
  /** Mean code points of a word. */
  readonly minWordLength?: number
  readonly maxWordLength?: number
  /** `#`, and ellipses, to tokens. */
  readonly maxSymbolsPerWord?: number
  /** Share of lines that begin with a bullet. */
  readonly maxBulletLines?: number
  /** Share of lines that end with an ellipsis. */
  readonly maxEllipsisLines?: number
  /** Share of tokens with a letter. */
  readonly minLetterWords?: number
  /** Different stop words, as they are written here. */
  readonly minStopWords?: number
  readonly stopWords?: readonly string[]
}

const STOP_WORDS = ['the', 'be', 'to', 'of', 'and', 'that', 'have', 'with']

/** Drops texts that do not look like prose. Rae et al. 2021 (arXiv 2112.11446), appendix A.1.1; reasons are datatrove's. */
export function gopherQuality(options: GopherQualityOptions = {}): Filter {
  const { minWords = 50, maxWords = 100_000, minWordLength = 3, maxWordLength = 10, maxSymbolsPerWord = 0.1 } = options
  const { maxBulletLines = 0.9, maxEllipsisLines = 0.3, minLetterWords = 0.8, minStopWords = 2 } = options
  const { stopWords = STOP_WORDS } = options
  const lengths = new Set(stopWords.map((word) => word.length))
  const stops = new Map(stopWords.map((word, i) => [word, i]))
  return {
    name: 'gopher-quality',
    rules: [
      { statistic: 'words', drops: '<', than: minWords, reason: 'gopher_short_doc' },
      { statistic: 'words', drops: '>', than: maxWords, reason: 'gopher_long_doc' },
      { statistic: 'mean_word_length', drops: '<', than: minWordLength, reason: 'gopher_below_avg_threshold' },
      { statistic: 'mean_word_length', drops: '>', than: maxWordLength, reason: 'gopher_above_avg_threshold' },
      { statistic: 'hashes_per_word', drops: '>', than: maxSymbolsPerWord, reason: 'gopher_too_many_hashes' },
      { statistic: 'ellipses_per_word', drops: '>', than: maxSymbolsPerWord, reason: 'gopher_too_many_ellipsis' },
      { statistic: 'bullet_lines', drops: '>', than: maxBulletLines, reason: 'gopher_too_many_bullets' },
      { statistic: 'ellipsis_lines', drops: '>', than: maxEllipsisLines, reason: 'gopher_too_many_end_ellipsis' },
      { statistic: 'letter_words', drops: '<', than: minLetterWords, reason: 'gopher_below_alpha_threshold' },
      { statistic: 'stop_words', drops: '<', than: minStopWords, reason: 'gopher_enough_stop_words' },
    ],
    settings: { stopWords },
    measure(text, words) {
      const tokens = words.tokens()
      const { count, classes } = tokens
      let [own, characters, letters] = [0, 0, 0]
      for (let i = 0; i < count; i++) {
        const of = classes[i] as number
        if (of & LETTER) letters++
        if (!(of & WORD)) continue
        own++
        characters += (tokens.ends[i] as number) - (tokens.starts[i] as number)
      }
      // Halves of astral code points were counted one by one.
      if (text.length !== tokens.length) characters = codePointsOfWords(tokens)
      const statistics: Record<string, number> = { words: own, stop_words: stopWordsIn(tokens, stops, lengths) }
      if (own > 0) statistics['mean_word_length'] = characters / own
      if (count > 0) {
        const { hashes, ellipses } = symbolsIn(text)
        statistics['hashes_per_word'] = hashes / count
        statistics['ellipses_per_word'] = ellipses / count
        statistics['letter_words'] = letters / count
      }
      const lines = splitLines(text)
      if (lines.length > 0) {
        let [bullets, ends] = [0, 0]
        for (const line of lines) {
          const trimmed = line.trim()
          if (trimmed.startsWith('•') || trimmed.startsWith('-')) bullets++
          if (trimmed.endsWith('...') || trimmed.endsWith('…')) ends++
        }
        statistics['bullet_lines'] = bullets / lines.length
        statistics['ellipsis_lines'] = ends / lines.length
      }
      return { statistics }
    },
  }
}

function codePointsOfWords({ text, count, starts, ends, classes }: WordTokens): number {
  let sum = 0
  for (let i = 0; i < count; i++) if ((classes[i] as number) & WORD) sum += [...text.slice(starts[i], ends[i])].length
  return sum
}

function stopWordsIn(
  { text, count, starts, ends }: WordTokens,
  stops: ReadonlyMap<string, number>,
  lengths: ReadonlySet<number>,
): number {
  const found = new Set<number>()
  for (let i = 0; i < count && found.size < stops.size; i++) {
    const [start, end] = [starts[i] as number, ends[i] as number]
    if (!lengths.has(end - start)) continue
    const which = stops.get(text.slice(start, end))
    if (which !== undefined) found.add(which)
  }
  return found.size
}

/** `#`, and ellipses: three periods at a time, as Python's `str.count` finds them, or the one character. */
const symbolsIn = (text: string): { hashes: number; ellipses: number } => ({
  hashes: occurrences(text, '#'),
  ellipses: occurrences(text, '...') + occurrences(text, '…'),
})

function occurrences(text: string, mark: string): number {
  let count = 0
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) count++
  return count
}
