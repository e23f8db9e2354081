import { type Tensor, tensor } from '@almanac/tensor-core'
import type { TokenArray } from './token-array.js'

/** Windows of a text and the token that follows each of theirs. A type, not an interface, so that it is a plain record. */
export type TokenBatch = {
  /** int32 [B, T] */
  readonly inputs: Tensor
  /** int32 [B, T]: `inputs` moved on by one token. */
  readonly targets: Tensor
}

/** The windows of T + 1 tokens that begin at `starts`, split into inputs and targets. */
export function tokenBatch(tokens: TokenArray, starts: readonly number[], contextLength: number): TokenBatch {
  const shape = [starts.length, contextLength]
  const rows = (shift: number): Tensor => {
    const ids = new Int32Array(starts.length * contextLength)
    starts.forEach((start, row) => {
      ids.set(tokens.subarray(start + shift, start + shift + contextLength), row * contextLength)
    })
    return tensor(ids, { shape })
  }
  return { inputs: rows(0), targets: rows(1) }
}
