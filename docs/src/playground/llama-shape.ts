import type { ModelSize } from './training-settings.js'

/** V: one token a byte of UTF-8. */
const BYTES = 256

/** The shape of the model that a size stands for, in the terms of `LlamaConfig`. */
export function llamaShape({ width, layers, context }: Pick<ModelSize, 'width' | 'layers' | 'context'>) {
  const heads = Math.max(2, width / 32)
  return {
    vocabSize: BYTES,
    hiddenSize: width,
    // Two thirds of 4 C, so that the gate costs nothing (Shazeer 2020, arXiv 2002.05202), as a multiple of 8.
    intermediateSize: Math.ceil((width * 8) / 3 / 8) * 8,
    layers,
    heads,
    kvHeads: heads,
    maxPositions: context,
  }
}

/** Parameters of that model: embedding (its transpose is the head), layers and norms. */
export function parameterCount(size: Pick<ModelSize, 'width' | 'layers' | 'context'>): number {
  const { vocabSize: V, hiddenSize: C, intermediateSize: F, layers } = llamaShape(size)
  return V * C + layers * (4 * C * C + 3 * C * F + 2 * C) + C
}
