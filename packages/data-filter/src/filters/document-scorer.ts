/**
 * What gives texts numbers by way of something slow, best many at a time: FineWeb-Edu's head on embeddings, a language model
 * that is asked. One score a text, in their order.
 */
export interface DocumentScorer {
  readonly name: string
  scoreAll(texts: readonly string[]): Promise<Float32Array>
}
