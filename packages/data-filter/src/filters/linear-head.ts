import { OptionError } from '../data-filter-error.js'
import type { DocumentScorer } from './document-scorer.js'

/**
 * A linear layer with one output on embeddings, as FineWeb-Edu's classifier has on Snowflake-arctic-embed-m (Penedo et al.
 * 2024, arXiv 2406.17557, section 4). `embed` gives the embeddings of texts, [texts, D] one behind the other; weights are [D].
 * Throws OptionError where `embed` gives another number of numbers.
 */
export function linearHead(
  weights: Float32Array,
  bias: number,
  embed: (texts: readonly string[]) => Promise<Float32Array>,
  { name = 'linear-head' }: { readonly name?: string } = {},
): DocumentScorer {
  const dim = weights.length
  return {
    name,
    async scoreAll(texts) {
      const embeddings = await embed(texts)
      if (embeddings.length !== texts.length * dim) {
        throw new OptionError(
          'linearHead',
          `${texts.length} embeddings of ${dim} numbers`,
          `${embeddings.length} numbers`,
          'Weights and embeddings must come from the same model.',
        )
      }
      return Float32Array.from({ length: texts.length }, (_, i) => {
        let sum = bias
        for (let j = 0; j < dim; j++) sum += (weights[j] as number) * (embeddings[i * dim + j] as number)
        return sum
      })
    },
  }
}
