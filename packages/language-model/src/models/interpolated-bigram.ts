import { type CountModel, checkTokens, type TokenIds } from './count-model.js'

export type MixtureWeights = readonly [uniform: number, unigram: number, bigram: number]

export interface InterpolatedBigram extends CountModel {
  /** Weights of the uniform, unigram and bigram estimates; they sum to 1. */
  readonly weights: MixtureWeights
}

/** Tokens to find the weights on, which are not among those counted; or weights that were found. */
export type BigramFit = { readonly heldOut: TokenIds } | { readonly weights: MixtureWeights }

/** EM passes at most, and the change of the mean log-likelihood in nats at which it ends. */
const PASSES = 1000
const CONVERGED = 1e-10

/**
 * p(w | v) = a / V + b count(w) / N + c count(v w) / count(v): the weights are found by expectation maximisation. After a context that was never seen the unigrams have the bigrams' share.
 * Jelinek and Mercer 1980; Chen and Goodman 1998, section 2.4.
 * Throws ArgumentError for a vocabulary or texts of nothing.
 */
export function interpolatedBigram(tokens: TokenIds, vocabSize: number, fit: BigramFit): InterpolatedBigram {
  checkTokens('interpolatedBigram', tokens, vocabSize)
  if ('heldOut' in fit) checkTokens('interpolatedBigram', fit.heldOut, vocabSize)
  const unigrams = new Float64Array(vocabSize)
  const contexts = new Float64Array(vocabSize)
  const bigrams = new Map<number, number>()
  for (let i = 0; i < tokens.length; i++) {
    const w = tokens[i] as number
    unigrams[w] = (unigrams[w] as number) + 1
    if (i === 0) continue
    const v = tokens[i - 1] as number
    contexts[v] = (contexts[v] as number) + 1
    const pair = v * vocabSize + w
    bigrams.set(pair, (bigrams.get(pair) ?? 0) + 1)
  }
  /** The three estimates of token i of a text; the bigram's is -1 where its context is unknown. */
  const estimates = (text: TokenIds, i: number): [number, number, number] => {
    const w = text[i] as number
    const v = i > 0 ? (text[i - 1] as number) : -1
    const seen = v < 0 ? 0 : (contexts[v] as number)
    const bigram = seen > 0 ? (bigrams.get(v * vocabSize + w) ?? 0) / seen : -1
    return [1 / vocabSize, (unigrams[w] as number) / tokens.length, bigram]
  }
  const tune = ({ heldOut }: { readonly heldOut: TokenIds }) =>
    mixtureWeights(Array.from({ length: heldOut.length - 1 }, (_, i) => estimates(heldOut, i + 1)))
  const weights = 'heldOut' in fit ? tune(fit) : fit.weights
  return {
    weights,
    nats(text, from = 0, to = text.length) {
      return Float64Array.from({ length: to - from }, (_, k) => {
        const [uniform, unigram, bigram] = estimates(text, from + k)
        const rest = bigram < 0 ? unigram : bigram
        return -Math.log(weights[0] * uniform + weights[1] * unigram + weights[2] * rest)
      })
    },
  }
}

/** The weights that make the mixture of the estimates most likely. Where the third is unknown (-1) it says nothing. */
function mixtureWeights(estimates: readonly (readonly [number, number, number])[]): [number, number, number] {
  const known = estimates.filter(([, , third]) => third >= 0)
  let weights: [number, number, number] = [0.05, 0.25, 0.7]
  let before = Number.NEGATIVE_INFINITY
  for (let pass = 0; pass < PASSES && known.length > 0; pass++) {
    let [a, b, likelihood] = [0, 0, 0]
    for (const [first, second, third] of known) {
      const total = first * weights[0] + second * weights[1] + third * weights[2]
      a += (first * weights[0]) / total
      b += (second * weights[1]) / total
      likelihood += Math.log(total)
    }
    weights = [a / known.length, b / known.length, 1 - (a + b) / known.length]
    const mean = likelihood / known.length
    if (mean - before < CONVERGED) break
    before = mean
  }
  return weights
}
