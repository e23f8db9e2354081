/** R*_D: repetitions after which what further ones add has fallen to 1/e. */
const DECAY = 15.4

/**
 * Unique tokens that would serve a training run as well as so many epochs of `unique` ones:
 * D' = U + U R* (1 - e^(-R / R*)), R = epochs - 1 repetitions, R* = 15.4. At most one epoch is worth its tokens.
 * Muennighoff et al. 2023, arXiv 2305.16264, equation 5; fitted on English web text and models up to 9B parameters.
 */
export function effectiveTokens(unique: number, epochs: number): number {
  if (epochs <= 1) return unique * epochs
  return unique + unique * DECAY * -Math.expm1(-(epochs - 1) / DECAY)
}
