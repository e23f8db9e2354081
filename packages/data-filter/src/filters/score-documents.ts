import { OptionError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import type { DocumentScorer } from './document-scorer.js'

export interface ScoreDocumentsOptions {
  /** Documents that are scored, and held in memory, at a time. Default: 64. */
  readonly batch?: number
  /** The name in the metadata that the score gets. Default: `score`, FineWeb-Edu's. */
  readonly as?: string
}

/**
 * Gives documents their score as metadata, in batches and in their order, for `qualityFilter({ score: 'score' })` to decide on:
 * filters themselves wait for nothing. Throws OptionError for a batch below 1, and where the scorer gives another number of
 * scores than texts.
 */
export async function* scoreDocuments(
  documents: AsyncIterable<Document> | Iterable<Document>,
  scorer: DocumentScorer,
  { batch = 64, as = 'score' }: ScoreDocumentsOptions = {},
): AsyncGenerator<Document> {
  if (!Number.isInteger(batch) || batch < 1) {
    throw new OptionError('scoreDocuments', 'batch to be a whole number from 1 on', String(batch), 'The default is 64.')
  }
  let waiting: Document[] = []
  const scored = async (): Promise<Document[]> => {
    const scores = await scorer.scoreAll(waiting.map(({ text }) => text))
    if (scores.length !== waiting.length) {
      throw new OptionError(
        `scoreDocuments: ${scorer.name}`,
        `${waiting.length} scores`,
        `${scores.length}`,
        'A scorer gives one score a text.',
      )
    }
    // JSON has no NaN: a text that could not be scored has no score.
    const done = waiting.map((document, i) => ({
      ...document,
      metadata: { ...document.metadata, [as]: Number.isFinite(scores[i]) ? (scores[i] as number) : null },
    }))
    waiting = []
    return done
  }
  for await (const document of documents) {
    waiting.push(document)
    if (waiting.length === batch) yield* await scored()
  }
  if (waiting.length > 0) yield* await scored()
}
