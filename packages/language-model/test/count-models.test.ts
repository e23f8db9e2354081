import { seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { type CountModel, interpolatedBigram, kneserNeyTrigram } from '../src/index.js'

const V = 12
/** A text in which a token depends on the two before it, mostly. */
function text(seed: number, length: number): Int32Array {
  const random = seededRandom(seed)
  const ids = new Int32Array(length)
  for (let i = 0; i < length; i++) {
    const [a, b] = [ids[i - 2] ?? 0, ids[i - 1] ?? 0]
    ids[i] = random.next() < 0.8 ? (3 * a + 5 * b + 1) % V : Math.floor(V * random.next() ** 2)
  }
  return ids
}
const train = text(1, 4000)
const tuning = text(2, 1000)
const test = text(3, 2000)
const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length

describe.each<[string, () => CountModel]>([
  ['the interpolated bigram', () => interpolatedBigram(train, V, { heldOut: tuning })],
  ['the Kneser-Ney trigram', () => kneserNeyTrigram(train, V)],
])('%s', (_, make) => {
  const model = make()

  it.each([[[]], [[4]], [[4, 7]], [[0, 0]], [[11, 11]]])('gives probabilities that sum to 1 after %j', (before) => {
    let total = 0
    for (let w = 0; w < V; w++) total += Math.exp(-(model.nats([...before, w], before.length)[0] as number))
    expect(total).toBeCloseTo(1, 12)
  })

  it('gives the nats of a part as those of the whole', () => {
    expect(model.nats(test, 100, 120)).toEqual(model.nats(test).slice(100, 120))
  })

  it('beats knowing nothing', () => {
    expect(mean(model.nats(test))).toBeLessThan(Math.log(V) - 0.05)
  })
})

it('a trigram beats a bigram where two tokens matter', () => {
  const [two, three] = [interpolatedBigram(train, V, { heldOut: tuning }), kneserNeyTrigram(train, V)]
  expect(mean(three.nats(test))).toBeLessThan(mean(two.nats(test)) - 0.3)
})

it('finds the weights that suit the tuning text best', () => {
  const { weights } = interpolatedBigram(train, V, { heldOut: tuning })
  expect(weights[0] + weights[1] + weights[2]).toBeCloseTo(1, 12)
  const likelihood = (of: readonly number[]) => {
    const counts = new Float64Array(V)
    const contexts = new Float64Array(V)
    const pairs = new Float64Array(V * V)
    train.forEach((w, i) => {
      counts[w] = (counts[w] as number) + 1
      if (i === 0) return
      const v = train[i - 1] as number
      contexts[v] = (contexts[v] as number) + 1
      pairs[v * V + w] = (pairs[v * V + w] as number) + 1
    })
    let total = 0
    for (let i = 1; i < tuning.length; i++) {
      const [v, w] = [tuning[i - 1] as number, tuning[i] as number]
      const bigram = (pairs[v * V + w] as number) / (contexts[v] as number)
      total += Math.log(
        (of[0] as number) / V + ((of[1] as number) * (counts[w] as number)) / train.length + (of[2] as number) * bigram,
      )
    }
    return total
  }
  const best = likelihood(weights)
  for (const [from, to] of [
    [0, 1],
    [1, 0],
    [1, 2],
    [2, 1],
    [0, 2],
    [2, 0],
  ] as const) {
    const moved = [...weights]
    const step = Math.min(0.02, moved[from] as number)
    moved[from] = (moved[from] as number) - step
    moved[to] = (moved[to] as number) + step
    if (step > 1e-4) expect(likelihood(moved)).toBeLessThan(best)
  }
})

/** Chen and Goodman's equations written out, by counting the text again for every question. */
function naiveKneserNey(tokens: readonly number[], size: number, context: readonly number[], w: number): number {
  /** The grams of an order with their counts: how often, for the highest; after how many different tokens, below it. */
  const counts = (order: number): Map<string, number> => {
    const result = new Map<string, number>()
    if (order === 3) {
      for (let i = 2; i < tokens.length; i++) {
        const gram = tokens.slice(i - 2, i + 1).join(' ')
        result.set(gram, (result.get(gram) ?? 0) + 1)
      }
      return result
    }
    for (const gram of counts(order + 1).keys()) {
      const shorter = gram.split(' ').slice(1).join(' ')
      result.set(shorter, (result.get(shorter) ?? 0) + 1)
    }
    return result
  }
  const p = (order: number): number => {
    if (order === 0) return 1 / size
    const all = counts(order)
    const n = (k: number) => [...all.values()].filter((count) => count === k).length
    const y = n(1) / (n(1) + 2 * n(2))
    const raw = [0, 1 - (2 * y * n(2)) / n(1), 2 - (3 * y * n(3)) / n(2), 3 - (4 * y * n(4)) / n(3)]
    // Few grams leave gaps among the counts of counts.
    const discounts = raw.map((d, k) => (d > 0 && d <= k ? d : k / 2))
    const tail = order === 1 ? [] : context.slice(1 - order)
    const after = [...all].filter(([gram]) => gram.split(' ').slice(0, -1).join(' ') === tail.join(' '))
    const total = after.reduce((sum, [, count]) => sum + count, 0)
    if (total === 0) return p(order - 1)
    const discount = (count: number) => discounts[Math.min(3, count)] as number
    const spread = after.reduce((sum, [, count]) => sum + discount(count), 0)
    const count = all.get([...tail, w].join(' ')) ?? 0
    return (count - discount(count) + spread * p(order - 1)) / total
  }
  return p(3)
}

it('follows the equations of Kneser and Ney', () => {
  const part = train.subarray(0, 400)
  const model = kneserNeyTrigram(part, V)
  for (let i = 2; i < 40; i++) {
    const expected = naiveKneserNey([...part], V, [...test.subarray(i - 2, i)], test[i] as number)
    expect(Math.exp(-(model.nats(test, i, i + 1)[0] as number))).toBeCloseTo(expected, 12)
  }
})

it('refuses ids outside the vocabulary and texts of nothing', () => {
  expect(() => kneserNeyTrigram([0, 3], 3)).toThrow('kneserNeyTrigram: expected ids from 0 to 2, got 3 at 1.')
  expect(() => interpolatedBigram([0, 1], 3, { heldOut: [0] })).toThrow(
    'interpolatedBigram: expected texts of two tokens or more, got 1.',
  )
})
