import { nGramCounter, REPEATED_N, TOP_N } from '../text/n-gram-repetition.js'
import { repeatedPieces } from '../text/repeated-pieces.js'
import { strip } from '../text/split-lines.js'
import type { Filter } from './filter.js'
import type { Rule } from './rule.js'

/** Largest shares of a text; Rae et al. 2021 (arXiv 2112.11446), table A1. */
export interface GopherRepetitionOptions {
  /** Of paragraphs that occurred before, of all paragraphs, and of their characters. */
  readonly paragraphs?: number
  readonly paragraphCharacters?: number
  readonly lines?: number
  readonly lineCharacters?: number
  /** Characters of the most frequent n-gram, n = 2, 3, 4. */
  readonly top?: readonly [number, number, number]
  /** Characters of n-grams that occurred before, n = 5 ... 10. */
  readonly repeated?: readonly [number, number, number, number, number, number]
}

/** Drops texts that repeat themselves. Every rule drops strictly above its share. */
export function gopherRepetition(options: GopherRepetitionOptions = {}): Filter {
  const { paragraphs = 0.3, paragraphCharacters = 0.2, lines = 0.3, lineCharacters = 0.2 } = options
  const { top = [0.2, 0.18, 0.16], repeated = [0.15, 0.14, 0.13, 0.12, 0.11, 0.1] } = options
  const over = (statistic: string, than: number): Rule => ({ statistic, drops: '>', than, reason: statistic })
  const count = nGramCounter()
  return {
    name: 'gopher-repetition',
    rules: [
      over('dup_para_frac', paragraphs),
      over('dup_para_char_frac', paragraphCharacters),
      over('dup_line_frac', lines),
      over('dup_line_char_frac', lineCharacters),
      ...TOP_N.map((n, i) => over(`top_${n}_gram`, top[i] as number)),
      ...REPEATED_N.map((n, i) => over(`duplicated_${n}_n_grams`, repeated[i] as number)),
    ],
    measure(text, words) {
      const statistics: Record<string, number> = {}
      if (text === '') return { statistics }
      const tokens = words.tokens()
      // Repeated pieces are counted in code units: where some are astral, the share is of code units, too.
      const units = text.length
      const blanks = text.includes('\n\n')
      const parts = blanks ? strip(text).split(/\n{2,}/) : [text]
      const own = repeatedPieces(parts)
      statistics['dup_para_frac'] = own.repeated / parts.length
      statistics['dup_para_char_frac'] = own.characters / units
      const rows = text.split(blanks ? /\n+/ : '\n')
      const repeatedRows = repeatedPieces(rows)
      statistics['dup_line_frac'] = repeatedRows.repeated / rows.length
      statistics['dup_line_char_frac'] = repeatedRows.characters / units
      const grams = count(tokens, words.ids())
      TOP_N.forEach((n, i) => {
        const length = grams.top[i]
        if (typeof length === 'number') statistics[`top_${n}_gram`] = length / tokens.length
      })
      REPEATED_N.forEach((n, i) => {
        statistics[`duplicated_${n}_n_grams`] = (grams.repeated[i] as number) / tokens.length
      })
      return { statistics }
    },
  }
}
