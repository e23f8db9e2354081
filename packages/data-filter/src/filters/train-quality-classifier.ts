import { OptionError } from '../data-filter-error.js'
import { wordTokenizer } from '../text/word-tokens.js'
import { hashedNGrams } from './hashed-n-grams.js'
import { type ClassifierParts, type QualityClassifier, qualityClassifier } from './quality-classifier.js'

export interface TrainQualityClassifierOptions {
  readonly texts: readonly string[]
  /** Good (1, true) or not (0, false), one a text: logistic regression, whose score is the probability of 1. */
  readonly labels?: readonly (number | boolean)[]
  /** Or a score, one a text, such as 0 to 5: linear regression on squared errors, as FineWeb-Edu's head. */
  readonly scores?: ArrayLike<number>
  /** Weights of the model, 4 bytes each; training takes as much again. Default: 2^18. */
  readonly buckets?: number
  /** N-grams of 1 to so many words. Default: 2. */
  readonly ngrams?: number
  /** Times that each text is seen. Default: 5. */
  readonly epochs?: number
  /** The step of AdaGrad. Default: 1. */
  readonly learningRate?: number
  /** How much weights are drawn to zero whenever their n-gram is seen. Default: 0. */
  readonly l2?: number
  /** Decides on the order of the texts. The same seed and texts give the same weights. Default: 0. */
  readonly seed?: number
}

const WHERE = 'trainQualityClassifier'
/** Keeps the first steps finite. */
const EPSILON = 1e-8

/**
 * Learns to score texts: a weight for each hashed n-gram of words, by stochastic gradient descent with AdaGrad's steps (Duchi
 * et al. 2011). Texts are split again in every epoch, so that memory is that of the texts and of two numbers a bucket. Throws
 * OptionError for options outside their range, and unless there are labels or scores, one a text.
 */
export function trainQualityClassifier(options: TrainQualityClassifierOptions): QualityClassifier {
  const {
    texts,
    labels,
    scores,
    buckets = 2 ** 18,
    ngrams = 2,
    epochs = 5,
    learningRate = 1,
    l2 = 0,
    seed = 0,
  } = options
  checkNumbers({ buckets, ngrams, epochs })
  checkRates({ learningRate, l2 })
  const targets = targetsOf(texts, labels, scores)
  const kind = labels ? 'probability' : 'score'
  const tokenize = wordTokenizer()
  const weights = new Float32Array(buckets)
  const squares = new Float32Array(buckets)
  // As good as can be without any n-gram.
  const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length
  let bias = kind === 'score' ? mean : logOdds(mean, targets.length)
  let biasSquares = 0
  const order = Uint32Array.from(texts, (_, i) => i)
  const random = randomNumbers(seed)
  let found = new Int32Array(1024)
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random)
    for (const which of order) {
      let [count, sum] = [0, 0]
      hashedNGrams(tokenize(texts[which] as string), ngrams, buckets, (bucket) => {
        if (count === found.length) found = grown(found)
        found[count++] = bucket
        sum += weights[bucket] as number
      })
      const score = bias + (count > 0 ? sum / count : 0)
      const error = (kind === 'probability' ? 1 / (1 + Math.exp(-score)) : score) - (targets[which] as number)
      biasSquares += error * error
      bias -= (learningRate * error) / Math.sqrt(biasSquares + EPSILON)
      // What a text repeats is one step, not many: a text of one word over and over would throw its weight far away.
      const sorted = found.subarray(0, count).sort()
      for (let from = 0, to = 0; from < count; from = to) {
        const bucket = sorted[from] as number
        while (to < count && sorted[to] === bucket) to++
        const weight = weights[bucket] as number
        const gradient = (error * (to - from)) / count + l2 * weight
        const total = (squares[bucket] as number) + gradient * gradient
        squares[bucket] = total
        weights[bucket] = weight - (learningRate * gradient) / Math.sqrt(total + EPSILON)
      }
    }
  }
  const parts: ClassifierParts = { kind, ngrams, bias: Math.fround(bias), weights }
  return qualityClassifier(parts)
}

function targetsOf(
  texts: readonly string[],
  labels: readonly (number | boolean)[] | undefined,
  scores: ArrayLike<number> | undefined,
): Float64Array {
  const given = labels ?? scores
  if (!given || (labels && scores) || texts.length === 0 || given.length !== texts.length) {
    const got = `${texts.length} texts, ${labels?.length ?? 'no'} labels, ${scores?.length ?? 'no'} scores`
    throw new OptionError(WHERE, 'texts, and as many labels or scores', got, 'Give one of the two.')
  }
  return Float64Array.from({ length: given.length }, (_, i) => {
    const value = Number(given[i])
    const valid = labels ? value === 0 || value === 1 : Number.isFinite(value)
    if (valid) return value
    const expected = labels ? 'labels of 0 or 1' : 'scores to be numbers'
    throw new OptionError(
      WHERE,
      expected,
      `${String(given[i])} for text ${i}`,
      labels ? 'Other numbers are scores.' : '',
    )
  })
}

function checkNumbers(numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isInteger(value) && value >= 1 && value <= 2 ** 28) continue
    throw new OptionError(WHERE, `${name} to be a whole number from 1 on`, String(value), 'See its default.')
  }
}

function checkRates(rates: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(rates)) {
    if (Number.isFinite(value) && value >= 0) continue
    throw new OptionError(WHERE, `${name} to be a number from 0 on`, String(value), 'See its default.')
  }
}

/** Where all labels are the same, as if one more were the other. */
function logOdds(mean: number, count: number): number {
  const within = Math.min(Math.max(mean, 1 / (count + 1)), count / (count + 1))
  return Math.log(within / (1 - within))
}

function grown(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * numbers.length)
  larger.set(numbers)
  return larger
}

/** Fisher and Yates. */
function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random() % (i + 1)
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
}

/** Numbers below 2^32: splitmix32 (Steele, Lea and Flood 2014), the same on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) >>> 0
  }
}
