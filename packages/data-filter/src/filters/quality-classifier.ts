import { wordTokenizer } from '../text/word-tokens.js'
import { hashedNGrams } from './hashed-n-grams.js'
import { saveClassifier } from './quality-classifier-file.js'
import type { TextScorer } from './text-scorer.js'

/** All of a linear model on hashed n-grams of words. */
export interface ClassifierParts {
  /** What a score is: the probability of the label 1, or an estimate of the scores that were learnt. */
  readonly kind: 'probability' | 'score'
  /** N-grams of 1 to so many words. */
  readonly ngrams: number
  readonly bias: number
  /** One for each bucket. */
  readonly weights: Float32Array
}

/** A linear model on hashed n-grams of words: fastText's simplicity, one number a text. */
export interface QualityClassifier extends TextScorer, ClassifierParts {
  /** The model as a file: see `openQualityClassifier`. */
  save(): Uint8Array
}

/** The score of a text is the mean weight of its n-grams plus the bias; the bias alone where it has none. */
export function qualityClassifier(parts: ClassifierParts, name = 'quality-classifier'): QualityClassifier {
  const { kind, ngrams, bias, weights } = parts
  const tokenize = wordTokenizer()
  return {
    ...parts,
    name,
    save: () => saveClassifier(parts),
    score(text, words) {
      let sum = 0
      const count = hashedNGrams(words?.tokens() ?? tokenize(text), ngrams, weights.length, (bucket) => {
        sum += weights[bucket] as number
      })
      const score = bias + (count > 0 ? sum / count : 0)
      return kind === 'probability' ? 1 / (1 + Math.exp(-score)) : score
    },
  }
}
