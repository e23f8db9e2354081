import { crc32 } from '../crc32.js'
import { OptionError } from '../data-filter-error.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { nGramHasher } from './decontamination-hashes.js'
import {
  type BenchmarkIndex,
  type BenchmarkIndexOptions,
  buildBenchmarkIndex,
  comparedWords,
} from './decontamination-index.js'
import type { Filter } from './filter.js'
import type { Rule } from './rule.js'

export type DecontaminationOptions = (BenchmarkIndexOptions | { readonly index: BenchmarkIndex }) & {
  /** A document is dropped with more n-grams of benchmarks than this; 0 if left out, as datatrove has it. Null for no such rule. */
  readonly maxMatches?: number | null
  /** A document is dropped with a larger share of its n-grams than this; no such rule if left out. */
  readonly maxShare?: number
}

/** Passages of a document that are told of, at most; all are counted. */
const PASSAGES = 20

/**
 * Drops documents that have n-grams of words in common with benchmarks. Statistics: `matches`, the document's n-grams that a benchmark has, and
 * `match_share` of all. Metadata, where there are any: `contaminated_task` and `contaminated_ngram` of the first, as datatrove
 * has them; `contamination`, the benchmarks by name with their n-grams' number, and the passages, simplified, that are in them.
 * Takes time in proportion to the text. Throws OptionError.
 */
export function decontamination(options: DecontaminationOptions): Filter {
  const { maxMatches = 0, maxShare } = options
  if (maxMatches !== null && !(maxMatches >= 0)) {
    throw new OptionError('decontamination: maxMatches', 'a number from 0 on, or null', `${maxMatches}`)
  }
  if (maxShare !== undefined && !(maxShare >= 0 && maxShare <= 1)) {
    throw new OptionError('decontamination: maxShare', 'a share from 0 to 1', `${maxShare}`)
  }
  const { ngram, normalisation, benchmarks, rows } = 'index' in options ? options.index : buildBenchmarkIndex(options)
  const firstRow = rowTable(rows)
  const hasher = nGramHasher(ngram)
  const rules: Rule[] = []
  if (maxMatches !== null) rules.push({ statistic: 'matches', drops: '>', than: maxMatches, reason: 'contaminated' })
  if (maxShare !== undefined) {
    rules.push({ statistic: 'match_share', drops: '>', than: maxShare, reason: 'contaminated_share' })
  }
  return {
    name: 'decontamination',
    rules,
    settings: { ngram, normalisation, index: crc32(littleEndianBytes(rows)) },
    measure(text) {
      const words = comparedWords(text, normalisation)
      const ngrams = words.length - ngram + 1
      if (ngrams < 1) return { statistics: { matches: 0 } }
      let matches = 0
      const counts = new Map<number, number>()
      const passages: { from: number; to: number }[] = []
      let first: { readonly at: number; readonly benchmark: number } | null = null
      hasher.each(words, (low, high, at) => {
        let row = firstRow(low, high)
        if (row < 0) return
        matches++
        first ??= { at, benchmark: rows[row + 2] as number }
        for (; rows[row] === low && rows[row + 1] === high; row += 3) {
          const benchmark = rows[row + 2] as number
          counts.set(benchmark, (counts.get(benchmark) ?? 0) + 1)
        }
        const last = passages.at(-1)
        if (last && at <= last.to) last.to = at + ngram
        else if (passages.length <= PASSAGES) passages.push({ from: at, to: at + ngram })
      })
      const statistics = { matches, match_share: matches / ngrams }
      const found = first as { readonly at: number; readonly benchmark: number } | null
      if (!found) return { statistics }
      const nameOf = (benchmark: number) => benchmarks[benchmark]?.name ?? ''
      return {
        statistics,
        metadata: {
          contaminated_task: nameOf(found.benchmark),
          contaminated_ngram: words.slice(found.at, found.at + ngram).join(' '),
          contamination: {
            benchmarks: Object.fromEntries([...counts].map(([benchmark, count]) => [nameOf(benchmark), count])),
            passages: passages.slice(0, PASSAGES).map(({ from, to }) => words.slice(from, to).join(' ')),
          },
        },
      }
    },
  }
}

/** A table of the rows by their hashes, open addressing at most half full. Gives the first row of a hash, or -1. */
function rowTable(rows: Uint32Array): (low: number, high: number) => number {
  let size = 16
  while (size < (2 * rows.length) / 3) size *= 2
  const slots = new Uint32Array(size)
  for (let row = 0; row < rows.length; row += 3) {
    const same = row > 0 && rows[row - 3] === rows[row] && rows[row - 2] === rows[row + 1]
    if (same) continue
    let slot = (rows[row] as number) & (size - 1)
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
    slots[slot] = row / 3 + 1
  }
  return (low, high) => {
    for (let slot = low & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      const row = 3 * ((slots[slot] as number) - 1)
      if (row < 0 || (rows[row] === low && rows[row + 1] === high)) return row < 0 ? -1 : row
    }
  }
}
