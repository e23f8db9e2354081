import type { Amount, StageCounts } from '../pipeline/stage-counts.js'
import type { RunSummary } from '../pipeline/summarise-run.js'

/** What is left of a run after one of its steps. */
export interface RunStep {
  readonly name: string
  /** What it is, in a few words. */
  readonly about: string
  /** Documents; records for the first step. */
  readonly documents: number
  /** UTF-16 units of their texts; null before there are texts. */
  readonly characters: number | null
}

/** What came to the rules: documents less those that extraction found no text in. */
export const textsOf = ({ input, dropped }: StageCounts): Amount => less(input, amountUnder(dropped, 'extraction'))

/** What is left for the last filters. */
export const uniqueOf = ({ input, dropped }: StageCounts): Amount => less(input, amountUnder(dropped, 'duplicates'))

/** From records to what the run gives. A run whose last stage counted nothing ends before it. */
export function stepsOf({ filter, finish }: RunSummary): readonly RunStep[] {
  const first: readonly RunStep[] = [
    { name: 'Records', about: 'what the readers gave', documents: filter.records, characters: null },
    { name: 'Documents', about: 'records that are documents', documents: filter.input.documents, characters: null },
    { name: 'Texts', about: 'documents with a text', ...textsOf(filter) },
    { name: 'Kept by the rules', about: 'no rule drops them', ...filter.kept },
  ]
  if (finish.records === 0 && filter.kept.documents > 0) return first
  return [
    ...first,
    { name: 'After duplicates', about: 'one of each that are alike', ...uniqueOf(finish) },
    { name: 'Final', about: 'kept by the last filters', ...finish.kept },
  ]
}

/** Documents that something dropped, whatever its reasons were. */
export function amountUnder(dropped: StageCounts['dropped'], by: string): Amount {
  const parts = Object.entries(dropped).filter(([key]) => key.startsWith(`${by}/`))
  return sumOf(parts.map(([, amount]) => amount))
}

export const sumOf = (amounts: readonly Amount[]): Amount => ({
  documents: amounts.reduce((sum, { documents }) => sum + documents, 0),
  characters: amounts.reduce((sum, { characters }) => sum + characters, 0),
})

const less = (a: Amount, b: Amount): Amount => ({
  documents: a.documents - b.documents,
  characters: a.characters - b.characters,
})
