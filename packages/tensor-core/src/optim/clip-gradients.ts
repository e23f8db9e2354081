import { ArgumentError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { add } from '../ops/add.js'
import { div } from '../ops/div.js'
import { minimum } from '../ops/minimum.js'
import { mul } from '../ops/mul.js'
import { sqrt } from '../ops/sqrt.js'
import { sum } from '../ops/sum.js'

/** Euclidean norm of all gradients together.  -> [] */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  const squares = gradients.map((g) => sum(mul(g, g)))
  const [first, ...rest] = squares
  if (!first) throw new ArgumentError('globalNorm', 'at least one gradient', 'none')
  return sqrt(rest.reduce((total, square) => add(total, square), first))
}

/**
 * Gradients scaled so that their global norm is at most `maxNorm`, with the norm before. Pascanu et al. 2013,
 * arXiv 1211.5063, section 3.2; with PyTorch's 1e-6 in the denominator.
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], maxNorm: number): { gradients: Tensor[]; norm: Tensor } {
  if (!(maxNorm > 0)) throw new ArgumentError('clipByGlobalNorm', 'a norm above 0', `${maxNorm}`)
  const norm = globalNorm(gradients)
  const scale = minimum(div(maxNorm, add(norm, 1e-6)), 1)
  return { gradients: gradients.map((g) => mul(g, scale)), norm }
}
