import { repeatedPieces } from '../text/repeated-pieces.js'
import { TERMINAL_PUNCTUATION } from '../text/terminal-punctuation.js'
import type { Filter } from './filter.js'
import type { Rule } from './rule.js'

export interface FineWebQualityOptions {
  /** Share of lines that end in a stop character, at or below which a text goes. */
  readonly punctuatedLines?: Pick<Rule, 'drops' | 'than'>
  /** Share of lines that are short. */
  readonly shortLines?: Pick<Rule, 'drops' | 'than'>
  /** Code points up to which a line is short. */
  readonly shortLine?: number
  /** Share of characters in lines that occurred before. */
  readonly repeatedCharacters?: Pick<Rule, 'drops' | 'than'>
  /** Line ends to tokens; null for no such rule. */
  readonly newlinesPerWord?: Pick<Rule, 'drops' | 'than'> | null
  /** Code points that end a sentence. */
  readonly stopCharacters?: ReadonlySet<number>
}

/** The marks of the release of May 2024, quotes among them. */
export const STOP_CHARACTERS_2024: ReadonlySet<number> = new Set(Array.from('.\'"!?', (mark) => mark.charCodeAt(0)))

/** FineWeb's own rules. Penedo et al. 2024 (arXiv 2406.17557), section 3.6; the defaults are those of datatrove 0.10. */
export function fineWebQuality(options: FineWebQualityOptions = {}): Filter {
  const {
    punctuatedLines = { drops: '<', than: 0.12 },
    shortLines = { drops: '>', than: 0.67 },
    shortLine = 30,
  } = options
  const { repeatedCharacters = { drops: '>', than: 0.01 }, newlinesPerWord = { drops: '>', than: 0.3 } } = options
  const { stopCharacters = TERMINAL_PUNCTUATION } = options
  return {
    name: 'fineweb-quality',
    rules: [
      { statistic: 'lines', drops: '<', than: 1, reason: 'empty' },
      { statistic: 'punctuated_lines', ...punctuatedLines, reason: 'line_punct_ratio' },
      { statistic: 'short_lines', ...shortLines, reason: 'short_line_ratio' },
      { statistic: 'repeated_characters', ...repeatedCharacters, reason: 'char_dup_ratio' },
      ...(newlinesPerWord ? [{ statistic: 'newlines_per_word', ...newlinesPerWord, reason: 'list_ratio' }] : []),
    ],
    settings: { shortLine, stopCharacters: [...stopCharacters] },
    measure(text, words) {
      const all = text.split('\n')
      const lines = all.filter((line) => line.trim() !== '')
      const statistics: Record<string, number> = { lines: lines.length }
      if (lines.length === 0) return { statistics }
      let [punctuated, short] = [0, 0]
      for (const line of lines) {
        if (stopCharacters.has(lastCodePoint(line))) punctuated++
        if (line.length <= shortLine || (line.length <= 2 * shortLine && [...line].length <= shortLine)) short++
      }
      statistics['punctuated_lines'] = punctuated / lines.length
      statistics['short_lines'] = short / lines.length
      const newlines = all.length - 1
      statistics['repeated_characters'] = repeatedPieces(lines).characters / (text.length - newlines)
      // Without the rule there is no need for words.
      const count = newlinesPerWord ? words.tokens().count : 0
      if (count > 0) statistics['newlines_per_word'] = newlines / count
      return { statistics }
    },
  }
}

function lastCodePoint(line: string): number {
  const last = line.charCodeAt(line.length - 1)
  return last >= 0xdc00 && last < 0xe000 ? (line.codePointAt(line.length - 2) as number) : last
}
