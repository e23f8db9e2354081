import type { Document } from '../document.js'
import type { Verdict } from '../filters/apply-filters.js'
import { type Example, mergedExamples, withExample } from './examples.js'
import { binOf, type ValueHistogram } from './value-histogram.js'

/** Documents, and the UTF-16 units of their texts. */
export interface Amount {
  readonly documents: number
  readonly characters: number
}

/** What became of the records of a stage. Counts of parts add up to the counts of the whole. */
export interface StageCounts {
  /** What a reader gave, documents or not. */
  readonly records: number
  /** Documents that came to the filters. */
  readonly input: Amount
  readonly kept: Amount
  /** Records that are no documents, by the reader's reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** Documents that were dropped, by `filter/reason` of the first rule. */
  readonly dropped: Readonly<Record<string, Amount>>
  /** Documents that a rule would drop, whether another one did so before or not; only where all rules were asked. */
  readonly broken: Readonly<Record<string, number>>
  /** Values by `filter/statistic`. */
  readonly statistics: Readonly<Record<string, ValueHistogram>>
  /** A few documents by what dropped them, and some that were `kept`. */
  readonly examples: Readonly<Record<string, readonly Example[]>>
}

export const NO_COUNTS: StageCounts = {
  records: 0,
  input: { documents: 0, characters: 0 },
  kept: { documents: 0, characters: 0 },
  skipped: {},
  dropped: {},
  broken: {},
  statistics: {},
  examples: {},
}

/** Counts documents as they are decided on. */
export interface Counter {
  skip(reason: string): void
  /** A document that something other than a filter dropped: extraction, deduplication. */
  drop(document: Document, reason: string): void
  decide(document: Document, verdict: Verdict): void
  counts(): StageCounts
}

interface MutableAmount {
  documents: number
  characters: number
}

/** Takes `all` for a run in which every filter measures every document. */
export function counter(all: boolean): Counter {
  let records = 0
  const [input, kept]: MutableAmount[] = [
    { documents: 0, characters: 0 },
    { documents: 0, characters: 0 },
  ]
  const skipped: Record<string, number> = {}
  const dropped: Record<string, MutableAmount> = {}
  const broken: Record<string, number> = {}
  const statistics: Record<string, Record<number, number>> = {}
  const examples: Record<string, readonly Example[]> = {}
  const add = (amount: MutableAmount | undefined, { text }: Document) => {
    if (!amount) return
    amount.documents++
    amount.characters += text.length
  }
  const show = (key: string, document: Document) => {
    examples[key] = withExample(examples[key] ?? [], document)
  }
  const drop = (document: Document, reason: string) => {
    dropped[reason] ??= { documents: 0, characters: 0 }
    add(dropped[reason], document)
    show(reason, document)
  }
  return {
    skip(reason) {
      records++
      skipped[reason] = (skipped[reason] ?? 0) + 1
    },
    drop(document, reason) {
      records++
      add(input, document)
      drop(document, reason)
    },
    decide(document, verdict) {
      records++
      add(input, document)
      for (const [filter, measured] of Object.entries(verdict.statistics)) {
        for (const [name, value] of Object.entries(measured)) {
          const key = `${filter}/${name}`
          statistics[key] ??= {}
          const [bins, bin] = [statistics[key], binOf(value)]
          bins[bin] = (bins[bin] ?? 0) + 1
        }
      }
      if (all) for (const reason of verdict.reasons) broken[reason] = (broken[reason] ?? 0) + 1
      if (verdict.dropped) drop(document, `${verdict.dropped.filter}/${verdict.dropped.reason}`)
      else {
        add(kept, verdict.document)
        show('kept', verdict.document)
      }
    },
    counts: () =>
      ordered({
        records,
        input: input as Amount,
        kept: kept as Amount,
        skipped,
        dropped,
        broken,
        statistics,
        examples,
      }),
  }
}

/** The counts of two parts together. */
export function addCounts(a: StageCounts, b: StageCounts): StageCounts {
  return ordered({
    records: a.records + b.records,
    input: addAmounts(a.input, b.input),
    kept: addAmounts(a.kept, b.kept),
    skipped: merged(a.skipped, b.skipped, (x, y) => x + y),
    dropped: merged(a.dropped, b.dropped, addAmounts),
    broken: merged(a.broken, b.broken, (x, y) => x + y),
    statistics: merged(a.statistics, b.statistics, (x, y) => merged(x, y, (n, m) => n + m)),
    examples: merged(a.examples, b.examples, mergedExamples),
  })
}

const addAmounts = (a: Amount, b: Amount): Amount => ({
  documents: a.documents + b.documents,
  characters: a.characters + b.characters,
})

function merged<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>, add: (x: T, y: T) => T) {
  const sum: Record<string, T> = { ...a }
  for (const [key, value] of Object.entries(b)) sum[key] = key in sum ? add(sum[key] as T, value) : value
  return sum
}

/** Keys in their order, so that the same counts are the same bytes however they came about. */
const ordered = (counts: StageCounts): StageCounts => ({
  ...counts,
  skipped: sorted(counts.skipped),
  dropped: sorted(counts.dropped),
  broken: sorted(counts.broken),
  statistics: sorted(counts.statistics),
  examples: sorted(counts.examples),
})

const sorted = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
