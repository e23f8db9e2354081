import type { LlamaConfig } from '@almanac/language-model'
import { readNumber } from './read-options.js'
import { UsageError } from './usage-error.js'

/** The options that give a Llama's sizes. */
export const SHAPE_OPTIONS = {
  hidden: { type: 'string' },
  layers: { type: 'string' },
  heads: { type: 'string' },
  'kv-heads': { type: 'string' },
  ffn: { type: 'string' },
  'vocab-size': { type: 'string' },
} as const

export type ShapeOption = keyof typeof SHAPE_OPTIONS

/** The sizes that options give, or those of the demo's model. Throws UsageError for sizes that make no model. */
export function readShape(
  command: string,
  options: { readonly [K in ShapeOption]?: string | undefined },
  leastVocabulary: number,
): Omit<LlamaConfig, 'maxPositions'> {
  const count = (name: ShapeOption, fallback: number) =>
    readNumber(command, name, options[name], fallback, { least: 1, whole: true })
  const heads = count('heads', 4)
  const kvHeads = count('kv-heads', heads)
  const hiddenSize = count('hidden', 128)
  if (heads % kvHeads !== 0) {
    throw new UsageError(`${command}: expected --heads as a multiple of --kv-heads ${kvHeads}, got ${heads}.`)
  }
  // Rotary positions turn pairs of channels.
  if (hiddenSize % (2 * heads) !== 0) {
    throw new UsageError(`${command}: expected --hidden as a multiple of twice --heads ${heads}, got ${hiddenSize}.`)
  }
  return {
    vocabSize: readNumber(command, 'vocab-size', options['vocab-size'], 2048, {
      least: leastVocabulary,
      most: 65_536,
      whole: true,
    }),
    hiddenSize,
    intermediateSize: count('ffn', 344),
    layers: count('layers', 6),
    heads,
    kvHeads,
  }
}
