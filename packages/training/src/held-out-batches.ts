import { ArgumentError } from '@almanac/tensor-core'
import { type TokenSource, tokensOf } from './packed-documents.js'
import { type TokenBatch, tokenBatch } from './token-batch.js'
import { checkWindows } from './token-batches.js'

export interface HeldOutBatchesOptions {
  readonly batchSize: number
  readonly contextLength: number
  /** Batches wanted; fewer come where the text has no more windows. All windows unless given. */
  readonly count?: number
}

/**
 * The fixed windows that a model is judged by: apart from each other and spread evenly over the text, always the same
 * ones. Every batch is full; windows that do not fill one are left out, unless that would leave none.
 * Throws ArgumentError.
 */
export function heldOutBatches(source: TokenSource, options: HeldOutBatchesOptions): (() => TokenBatch)[] {
  const { batchSize, contextLength, count = Number.POSITIVE_INFINITY } = options
  const tokens = tokensOf(source)
  checkWindows('heldOutBatches', tokens, batchSize, contextLength)
  if (!(count >= 1)) throw new ArgumentError('heldOutBatches', 'at least one batch', `${count}`)
  const windows = Math.floor((tokens.length - 1) / contextLength)
  const rows = Math.min(batchSize, windows)
  const batches = Math.min(count, Math.floor(windows / rows))
  const wanted = batches * rows
  const startOf = (i: number) => Math.floor((i * windows) / wanted) * contextLength
  return Array.from({ length: batches }, (_, batch) => () => {
    const starts = Array.from({ length: rows }, (_, row) => startOf(batch * rows + row))
    return tokenBatch(source, starts, contextLength)
  })
}
