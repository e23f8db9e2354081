import type { Document } from '../document.js'
import { wordNumberer } from '../text/word-ids.js'
import { type WordTokens, wordTokenizer } from '../text/word-tokens.js'
import type { Filter, Words } from './filter.js'
import { allBroken, firstBroken, type Statistics } from './rule.js'

/** What became of a document. */
export interface Verdict {
  /** As the last filter that it reached left it. */
  readonly document: Document
  /** Which filter dropped it and why; null where it was kept. */
  readonly dropped: { readonly filter: string; readonly reason: string } | null
  /** Of every filter that it reached, what was measured. */
  readonly statistics: Readonly<Record<string, Statistics>>
  /** With `all`: every rule of every filter that would drop it, as `filter/reason`. */
  readonly reasons: readonly string[]
}

export interface ApplyFiltersOptions {
  /**
   * Measures with all filters, also those behind the one that drops a document: for attributes that thresholds are tried on later.
   * Default: a document that is dropped goes no further.
   */
  readonly all?: boolean
}

/**
 * Makes a function that takes documents through filters in their order. Each sees the text that the one before it left. Words are
 * found once for all filters that see the same text.
 */
export function applyFilters(
  filters: readonly Filter[],
  { all = false }: ApplyFiltersOptions = {},
): (document: Document) => Verdict {
  const [tokenize, number] = [wordTokenizer(), wordNumberer()]
  const wordsOf = (text: string): Words => {
    let tokens: WordTokens | null = null
    let ids: ReturnType<typeof number> | null = null
    const words: Words = {
      tokens() {
        tokens ??= tokenize(text)
        return tokens
      },
      ids() {
        ids ??= number(words.tokens())
        return ids
      },
    }
    return words
  }
  return (document) => {
    let current = document
    let words = wordsOf(document.text)
    let dropped: Verdict['dropped'] = null
    const statistics: Record<string, Statistics> = {}
    const reasons: string[] = []
    for (const filter of filters) {
      const measured = filter.measure(current.text, words, current)
      statistics[filter.name] = measured.statistics
      if (measured.metadata) current = { ...current, metadata: { ...current.metadata, ...measured.metadata } }
      const broken = firstBroken(filter.rules, measured.statistics)
      if (broken) dropped ??= { filter: filter.name, reason: broken.reason }
      if (all)
        reasons.push(...allBroken(filter.rules, measured.statistics).map(({ reason }) => `${filter.name}/${reason}`))
      if (broken && !all) {
        reasons.push(`${filter.name}/${broken.reason}`)
        break
      }
      if (measured.text !== undefined && measured.text !== current.text) {
        current = { ...current, text: measured.text }
        words = wordsOf(measured.text)
      }
    }
    return { document: current, dropped, statistics, reasons }
  }
}
