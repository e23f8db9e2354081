import type { Filter } from '../../src/filters/filter.js'
import { allBroken, type Statistics } from '../../src/filters/rule.js'
import { wordNumberer } from '../../src/text/word-ids.js'
import { wordTokenizer } from '../../src/text/word-tokens.js'

const [tokenize, number] = [wordTokenizer(), wordNumberer()]

export function measured(filter: Filter, text: string): { readonly statistics: Statistics; readonly text?: string } {
  const tokens = tokenize(text)
  return filter.measure(text, { tokens: () => tokens, ids: () => number(tokens) }, { id: '1', text, metadata: {} })
}

/** Why a filter would drop a text: all reasons, in the order of its rules. */
export const reasonsOf = (filter: Filter, text: string): readonly string[] =>
  allBroken(filter.rules, measured(filter, text).statistics).map(({ reason }) => reason)

/** So many different words of so many letters each, at least two: "aa", "ab", ... */
export const differentWords = (count: number, letters = 4, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => {
    let [word, rest] = ['', i + from]
    for (let n = 0; n < letters; n++) {
      word = String.fromCharCode(97 + (rest % 26)) + word
      rest = Math.floor(rest / 26)
    }
    return word
  })
