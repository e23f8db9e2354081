import { ArgumentError, tensor } from '@almanac/tensor-core'
import { decoderOf } from './decoder.js'
import type { Llama } from './models/llama.js'
import { type SamplingOptions, sampler } from './sampling/sampler.js'

export interface GenerateTokensOptions extends SamplingOptions {
  /** Tokens to write at most; default: as many as the positions allow. */
  readonly maxTokens?: number
  /** Tokens that end the text; they are not given themselves. Default: none. */
  readonly stopIds?: readonly (number | undefined)[]
  readonly signal?: AbortSignal
}

/** Why a text ended: at a token that ends texts, or where `maxTokens` or the model's positions end. */
export type FinishReason = 'stop' | 'length'

const scalar = (value: number) => tensor(value, { dtype: 'int32' })

/**
 * Continues a prompt of token ids, one id at a time, and returns why it ended. One text at a time for a model. Rejects with
 * AbortError when the signal fires, ArgumentError for a prompt of no tokens, of more than the positions, or of ids outside
 * the vocabulary.
 */
export async function* generateTokens(
  model: Llama,
  prompt: readonly number[],
  options: GenerateTokensOptions = {},
): AsyncGenerator<number, FinishReason, void> {
  const { maxPositions, vocabSize } = model.config
  if (prompt.length === 0 || prompt.length > maxPositions) {
    throw new ArgumentError('generate', `a prompt of 1 to ${maxPositions} tokens`, `${prompt.length}`, 'Shorten it.')
  }
  const stranger = prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize)
  if (stranger !== undefined) {
    throw new ArgumentError('generate', `ids from 0 to ${vocabSize - 1}, the model's vocabulary`, `${stranger}`)
  }
  const draw = sampler(options)
  const { cache, step } = decoderOf(model)
  cache.truncate(0, 0)
  const run = options.signal ? step.with({ signal: options.signal }) : step
  const stops = new Set(options.stopIds)

  let next = prompt
  // The last token that is drawn needs no position of its own.
  const limit = Math.min(options.maxTokens ?? Number.POSITIVE_INFINITY, maxPositions - prompt.length + 1)
  for (let written = 0; written < limit; written++) {
    const filled = Math.min(2 ** Math.ceil(Math.log2(next.length)), maxPositions)
    const place = cache.step([{ sequence: 0, tokens: next.length }], { fill: filled })
    const tokens = tensor(
      Int32Array.from({ length: filled }, (_, i) => next[i] ?? 0),
      { shape: [1, filled] },
    )
    const logits = await run(tokens, place, scalar(next.length - 1))
    const id = draw(await logits.data())
    cache.commit(0, next.length)
    if (stops.has(id)) return 'stop'
    yield id
    next = [id]
  }
  return 'length'
}
