import { FormatError, OptionError } from '../data-filter-error.js'

/** One number for each document of all shards: 32 bits instead of a shard and a place in it. */
export interface DocumentNumbers {
  readonly total: number
  /** The number of a shard's first document; one more at the end. */
  readonly bases: readonly number[]
  /** Throws FormatError for a document that does not exist; `where` is the file that names it. */
  number(rank: number, document: number, where: string): number
  /** The shard of a number: the last one that begins at it or before it, since shards without documents begin where the next one does. */
  rank(number: number): number
}

/** Throws OptionError for 2^32 documents and more. */
export function documentNumbers(shards: readonly { readonly documents: number }[], where: string): DocumentNumbers {
  const bases = [0]
  for (const { documents } of shards) bases.push((bases.at(-1) as number) + documents)
  const total = bases.at(-1) as number
  if (total >= 2 ** 32) {
    throw new OptionError(where, 'fewer than 2^32 documents', `${total}`, 'Deduplicate in several groups.')
  }
  return {
    total,
    bases,
    number(rank, document, where) {
      const number = (bases[rank] as number) + document
      if (rank < shards.length && number < (bases[rank + 1] as number)) return number
      throw new FormatError(
        where,
        'shards and documents of the signatures',
        `document ${document} of shard ${rank}`,
        'The pairs belong to other signatures.',
      )
    },
    rank(number) {
      let [low, high] = [0, bases.length - 1]
      while (high - low > 1) {
        const middle = (low + high) >>> 1
        if ((bases[middle] as number) <= number) low = middle
        else high = middle
      }
      return low
    },
  }
}
