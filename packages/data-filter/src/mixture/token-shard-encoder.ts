import { OptionError } from '../data-filter-error.js'
import type { BytesPerToken } from './token-ids.js'

/** Documents one after another. Segments laid end to end are a shard, their ends moved on by the tokens before them. */
export interface TokenSegment {
  /** Little-endian ids. */
  readonly tokens: Uint8Array
  /** Where each document ends, in tokens from the segment's begin. */
  readonly ends: Float64Array
}

export interface TokenShardEncoder {
  /** Adds a document. Throws OptionError for ids that do not fit, and adds nothing then. */
  add(tokens: ArrayLike<number>): void
  /** Bytes gathered so far. */
  readonly bytes: number
  /** What was gathered since the last call; the encoder begins anew. */
  finish(): TokenSegment
}

export interface TokenShardEncoderOptions {
  readonly bytesPerToken: BytesPerToken
  /** Put behind each document. Without it, documents must bring their own end token if they are to have one. */
  readonly endToken?: number
}

/** Gathers documents in the form in which shards store them. Throws OptionError. */
export function tokenShardEncoder(options: TokenShardEncoderOptions): TokenShardEncoder {
  const { bytesPerToken, endToken } = options
  if (bytesPerToken !== 2 && bytesPerToken !== 4)
    throw new OptionError('tokenShardEncoder', 'bytesPerToken 2 or 4', `${bytesPerToken}`)
  const Ids = bytesPerToken === 2 ? Uint16Array : Uint32Array
  const limit = 2 ** (8 * bytesPerToken)
  const fits = (id: number): boolean => Number.isInteger(id) && id >= 0 && id < limit
  const refuse = (got: string): never => {
    const hint = bytesPerToken === 2 ? 'Larger vocabularies need bytesPerToken: 4.' : ''
    throw new OptionError('tokenShardEncoder', `token ids from 0 to ${limit - 1}`, got, hint)
  }
  if (endToken !== undefined && !fits(endToken)) refuse(`the end token ${endToken}`)
  const tail = endToken === undefined ? 0 : 1

  let documents = 0
  let ids = new Ids(1024)
  let used = 0
  let ends: number[] = []
  return {
    get bytes() {
      return used * bytesPerToken
    },
    add(tokens) {
      for (let i = 0; i < tokens.length; i++)
        if (!fits(tokens[i] as number)) refuse(`${tokens[i]} at ${i} of document ${documents}`)
      const end = used + tokens.length + tail
      if (end > ids.length) {
        const larger = new Ids(Math.max(end, 2 * ids.length))
        larger.set(ids.subarray(0, used))
        ids = larger
      }
      ids.set(tokens, used)
      if (endToken !== undefined) ids[end - 1] = endToken
      used = end
      documents++
      ends.push(end)
    },
    finish() {
      const segment = {
        tokens: new Uint8Array(ids.buffer, 0, used * bytesPerToken).slice(),
        ends: Float64Array.from(ends),
      }
      used = 0
      ends = []
      return segment
    },
  }
}
