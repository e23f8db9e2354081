import { byteTokenizer, generate, type Llama } from '@almanac/language-model'
import type { SampleSettings } from './protocol.js'

export interface WriteSampleOptions {
  /** Characters to write at least; the last piece may go beyond. */
  readonly length: number
  readonly seed: number
  readonly signal?: AbortSignal
}

const tokenizer = byteTokenizer()

/**
 * Goes on from a prompt, piece by piece. A text that has filled the model's positions goes on from its last half, so that
 * samples may be longer than the context. An empty prompt is a line break. Rejects with AbortError.
 */
export async function* writeSample(
  model: Llama,
  { prompt, temperature }: SampleSettings,
  { length, seed, signal }: WriteSampleOptions,
): AsyncGenerator<string, void, void> {
  const half = Math.floor(model.maxPositions / 2)
  let all = prompt === '' ? '\n' : prompt
  for (let written = 0, round = 0; written < length; round++) {
    const given = lastBytes(all, half)
    const options = { temperature, seed: seed + round, maxTokens: length - written, ...(signal ? { signal } : {}) }
    for await (const piece of generate(model, tokenizer, given, options)) {
      all += piece
      written += piece.length
      yield piece
    }
  }
}

/** The end of a text, whole characters of at most `most` bytes of UTF-8. */
function lastBytes(text: string, most: number): string {
  const characters = [...text]
  let bytes = 0
  let from = characters.length
  while (from > 0) {
    bytes += new TextEncoder().encode(characters[from - 1]).length
    if (bytes > most) break
    from--
  }
  return characters.slice(from).join('')
}
