import { ArgumentError, threefry2x32 } from '@almanac/tensor-core'
import { type TokenSource, tokensOf } from './packed-documents.js'
import type { TokenArray } from './token-array.js'
import { type TokenBatch, tokenBatch } from './token-batch.js'

export interface TokenBatchesOptions {
  /** B: windows in a batch. */
  readonly batchSize: number
  /** T: tokens of a window that are predicted. */
  readonly contextLength: number
  /** 'random' (default): windows from anywhere, drawn from (seed, step). 'sequential': one after the other, round and round. */
  readonly order?: 'random' | 'sequential'
  /** For 'random'. Default 0. */
  readonly seed?: number
}

/**
 * Batches of windows of a text or of packed documents, each a pure function of its step: a run that goes on from step n sees what it would have
 * seen without the pause, and nothing has to be stored for it. Throws ArgumentError.
 */
export function tokenBatches(source: TokenSource, options: TokenBatchesOptions): (step: number) => TokenBatch {
  const { batchSize, contextLength, order = 'random', seed = 0 } = options
  const tokens = tokensOf(source)
  checkWindows('tokenBatches', tokens, batchSize, contextLength)
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new ArgumentError('tokenBatches', 'a whole seed from 0 to 2^53 - 1', `${seed}`)
  /** Places at which a window may begin. */
  const places = tokens.length - contextLength
  const rows = Array.from({ length: batchSize }, (_, row) => row)
  if (order === 'sequential') {
    const windows = Math.ceil(places / contextLength)
    return (step) => {
      const starts = rows.map((row) => ((step * batchSize + row) % windows) * contextLength)
      // The last window is moved back to where it is whole.
      return tokenBatch(
        source,
        starts.map((start) => Math.min(start, places - 1)),
        contextLength,
      )
    }
  }
  return (step) => {
    // The words of foldIn(key(seed), step), then one draw a row.
    const [key0, key1] = threefry2x32(Math.floor(seed / 2 ** 32), seed >>> 0, 2, step)
    const starts = rows.map((row) => {
      const [high, low] = threefry2x32(key0, key1, 0, row)
      return Math.floor(((high * 2 ** 21 + (low >>> 11)) / 2 ** 53) * places)
    })
    return tokenBatch(source, starts, contextLength)
  }
}

/** Throws ArgumentError for a text that has no window of this length. */
export function checkWindows(where: string, tokens: TokenArray, batchSize: number, contextLength: number): void {
  for (const [name, value] of Object.entries({ batchSize, contextLength })) {
    if (!Number.isInteger(value) || value < 1) throw new ArgumentError(where, `a whole ${name} from 1`, `${value}`)
  }
  if (tokens.length < contextLength + 1) {
    throw new ArgumentError(
      where,
      `at least ${contextLength + 1} tokens, contextLength and one`,
      `${tokens.length}`,
      'Give more text or a shorter context.',
    )
  }
}
