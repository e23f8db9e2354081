import { ArgumentError } from '@almanac/tensor-core'
import { type FinishReason, type GenerateTokensOptions, generateTokens } from './generate-tokens.js'
import type { Llama } from './models/llama.js'
import type { Tokenizer } from './tokenizers/tokenizer.js'

/** The tokenizer's own tokens at the beginning and end of texts end a text too. */
export type GenerateOptions = GenerateTokensOptions

/**
 * Continues a prompt, piece by piece: the pieces joined are the text after it; returns why it ended. One text at a time for
 * a model. Rejects with AbortError when the signal fires, ArgumentError for a prompt that is longer than the positions.
 */
export async function* generate(
  model: Llama,
  tokenizer: Tokenizer,
  prompt: string,
  options: GenerateOptions = {},
): AsyncGenerator<string, FinishReason, void> {
  if (tokenizer.vocabularySize > model.config.vocabSize) {
    throw new ArgumentError(
      'generate',
      `a tokenizer of at most ${model.config.vocabSize} tokens, the model's vocabulary`,
      `${tokenizer.vocabularySize}`,
      'Use the tokenizer that the model was trained with.',
    )
  }
  const ids = tokenizer.encode(prompt)
  const text = tokenizer.stream()
  // The decoder has to know what came before: some tokenizers treat the first word differently.
  for (const id of ids) text.push(id)
  const stopIds = [...(options.stopIds ?? []), tokenizer.eosId, tokenizer.bosId]
  const tokens = generateTokens(model, ids, { ...options, stopIds })
  for (;;) {
    const { value, done } = await tokens.next()
    const piece = done ? text.end() : text.push(value)
    if (piece !== '') yield piece
    if (done) return value
  }
}
