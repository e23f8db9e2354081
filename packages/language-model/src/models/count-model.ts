import { ArgumentError } from '@almanac/tensor-core'

/** Token ids of a text. */
export type TokenIds = ArrayLike<number>

/** A model that only counts: the floor that a trained one has to beat. */
export interface CountModel {
  /** -ln p of each of the tokens from..to-1 given those before it, in nats. Nothing outside the text is seen. */
  nats(tokens: TokenIds, from?: number, to?: number): Float64Array
}

/** Refuses texts of less than two tokens and ids outside the vocabulary. */
export function checkTokens(where: string, tokens: TokenIds, vocabSize: number): void {
  if (!Number.isSafeInteger(vocabSize) || vocabSize < 1)
    throw new ArgumentError(where, 'a vocabulary of 1 or more tokens', `${vocabSize}`)
  if (tokens.length < 2) throw new ArgumentError(where, 'texts of two tokens or more', `${tokens.length}`)
  for (let i = 0; i < tokens.length; i++) {
    const id = tokens[i] as number
    if (!Number.isInteger(id) || id < 0 || id >= vocabSize)
      throw new ArgumentError(where, `ids from 0 to ${vocabSize - 1}`, `${id} at ${i}`)
  }
}
