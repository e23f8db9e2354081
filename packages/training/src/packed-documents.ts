import { ArgumentError } from '@almanac/tensor-core'
import type { TokenArray } from './token-array.js'

/** Documents laid end to end, which attention keeps apart by where each begins. */
export interface PackedDocuments {
  readonly tokens: TokenArray
  /** Index of each document's first token, ascending from 0. */
  readonly starts: Int32Array
}

/** What batches are cut from: one text, or documents. */
export type TokenSource = TokenArray | PackedDocuments

/**
 * Lays documents end to end without gaps or padding; windows cut across them, and a window's `firsts` say where the
 * document of each token begins. Empty documents are left out. Dubey et al. 2024, arXiv 2407.21783, section 3.2, mask
 * attention between documents of one sequence. Throws ArgumentError for ids that are no token ids.
 */
export function packDocuments(documents: Iterable<ArrayLike<number>>): PackedDocuments {
  const list = [...documents].filter((document) => document.length > 0)
  let total = 0
  let largest = 0
  const starts = Int32Array.from(list, (document, n) => {
    for (let i = 0; i < document.length; i++) {
      const id = document[i] as number
      if (!Number.isInteger(id) || id < 0 || id >= 2 ** 31) {
        throw new ArgumentError('packDocuments', 'ids from 0 to 2^31 - 1', `${id} at ${i} of document ${n}`)
      }
      if (id > largest) largest = id
    }
    total += document.length
    return total - document.length
  })
  const tokens = largest < 2 ** 16 ? new Uint16Array(total) : new Int32Array(total)
  list.forEach((document, n) => tokens.set(document, starts[n]))
  return { tokens, starts }
}

export function tokensOf(source: TokenSource): TokenArray {
  return 'tokens' in source ? source.tokens : source
}
