import { type Tensor, tensor } from '@almanac/tensor-core'
import { type TokenSource, tokensOf } from './packed-documents.js'

/** Windows of a text and the token that follows each of theirs. A type, not an interface, so that it is a plain record. */
export type TokenBatch = {
  /** int32 [B, T] */
  readonly inputs: Tensor
  /** int32 [B, T]: `inputs` moved on by one token. */
  readonly targets: Tensor
  /**
   * int32 [B, T]: where in its window the document of each input begins; 0 where it began before. For attention's option
   * of that name. Only with packed documents.
   */
  readonly firsts?: Tensor
}

/** The windows of T + 1 tokens that begin at `starts`, split into inputs and targets. */
export function tokenBatch(source: TokenSource, starts: readonly number[], contextLength: number): TokenBatch {
  const tokens = tokensOf(source)
  const shape = [starts.length, contextLength]
  const rows = (shift: number): Tensor => {
    const ids = new Int32Array(starts.length * contextLength)
    starts.forEach((start, row) => {
      ids.set(tokens.subarray(start + shift, start + shift + contextLength), row * contextLength)
    })
    return tensor(ids, { shape })
  }
  const batch = { inputs: rows(0), targets: rows(1) }
  if (!('tokens' in source)) return batch
  const firsts = new Int32Array(starts.length * contextLength)
  starts.forEach((start, row) => {
    let next = documentsBefore(source.starts, start)
    let first = 0
    for (let t = 0; t < contextLength; t++) {
      while ((source.starts[next] ?? Number.POSITIVE_INFINITY) <= start + t)
        first = (source.starts[next++] as number) - start
      firsts[row * contextLength + t] = first
    }
  })
  return { ...batch, firsts: tensor(firsts, { shape }) }
}

/** How many documents begin before `at`, by bisection. */
function documentsBefore(starts: Int32Array, at: number): number {
  let [low, high] = [0, starts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((starts[middle] as number) < at) low = middle + 1
    else high = middle
  }
  return low
}
