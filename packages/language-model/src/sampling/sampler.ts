import { ArgumentError } from '@almanac/tensor-core'
import { candidates } from './candidates.js'
import { greedy } from './greedy.js'
import { randomNumbers } from './random-numbers.js'
import { topK } from './top-k.js'
import { topP } from './top-p.js'

export interface SamplingOptions {
  /** 0 is greedy. Default 1. */
  readonly temperature?: number
  /** Keep the k most likely; default all. */
  readonly topK?: number
  /** Keep the most likely up to this probability; default 1. */
  readonly topP?: number
  /** Default 0. */
  readonly seed?: number
}

/** A function that draws a token from logits: temperature first, then top-k, then top-p. Throws ArgumentError. */
export function sampler(options: SamplingOptions = {}): (logits: ArrayLike<number>) => number {
  const { temperature = 1, topK: k, topP: p = 1, seed = 0 } = options
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new ArgumentError('sampler', 'a temperature of 0 or more', `${temperature}`)
  if (k !== undefined && !(Number.isInteger(k) && k >= 1))
    throw new ArgumentError('sampler', 'topK of 1 or more', `${k}`)
  if (!(p > 0 && p <= 1)) throw new ArgumentError('sampler', 'topP above 0 and at most 1', `${p}`)
  if (temperature === 0) return greedy
  const random = randomNumbers(seed)
  return (logits) => {
    let list = candidates(logits, temperature)
    if (k !== undefined) list = topK(list, k)
    if (p < 1) list = topP(list, p)
    const target = random()
    let total = 0
    for (let i = 0; i < list.ids.length; i++) {
      total += list.probabilities[i] as number
      if (target < total) return list.ids[i] as number
    }
    return list.ids[list.ids.length - 1] as number
  }
}
