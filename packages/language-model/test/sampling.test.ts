import { describe, expect, test } from 'vitest'
import { candidates, greedy, randomNumbers, sampler, topK, topP } from '../src/sampling/index.js'

const LOGITS = [1, 3, 2, 3, -Infinity]

describe('sampling', () => {
  test('greedy takes the largest, the lowest index of equals', () => {
    expect(greedy(LOGITS)).toBe(1)
    expect(sampler({ temperature: 0 })(LOGITS)).toBe(1)
  })

  test('candidates are softmax(logits / temperature), likeliest first', () => {
    const { ids, probabilities } = candidates(LOGITS, 2)
    expect([...ids]).toEqual([1, 3, 2, 0, 4])
    const weights = [3, 3, 2, 1].map((x) => Math.exp(x / 2))
    const total = weights.reduce((a, b) => a + b, 0)
    weights.forEach((w, i) => expect(probabilities[i]).toBeCloseTo(w / total, 12))
    expect(probabilities[4]).toBe(0)
  })

  test('top-k and top-p keep the fewest that they must, the one that crosses p included', () => {
    const list = candidates([Math.log(0.5), Math.log(0.3), Math.log(0.2)], 1)
    expect([...topK(list, 2).ids]).toEqual([0, 1])
    expect(topK(list, 2).probabilities[0]).toBeCloseTo(0.625, 12)
    expect([...topP(list, 0.5).ids]).toEqual([0])
    expect([...topP(list, 0.51).ids]).toEqual([0, 1])
    expect([...topP(list, 1).ids]).toEqual([0, 1, 2])
  })

  test('draws follow the probabilities, and the same seed draws the same', () => {
    const counts = [0, 0, 0]
    const draw = sampler({ seed: 4 })
    const logits = [Math.log(0.5), Math.log(0.3), Math.log(0.2)]
    for (let i = 0; i < 20000; i++) counts[draw(logits)]!++
    // Three standard deviations of a proportion over 20,000 draws are at most 0.0107.
    counts.forEach((n, i) => expect(Math.abs(n / 20000 - ([0.5, 0.3, 0.2][i] as number))).toBeLessThan(0.0107))
    const [a, b] = [sampler({ seed: 9 }), sampler({ seed: 9 })]
    expect(Array.from({ length: 50 }, () => a(logits))).toEqual(Array.from({ length: 50 }, () => b(logits)))
  })

  test('random numbers lie in [0, 1)', () => {
    const next = randomNumbers(1)
    for (let i = 0; i < 1000; i++) {
      const x = next()
      expect(x >= 0 && x < 1).toBe(true)
    }
  })

  test('options out of range say what is expected', () => {
    expect(() => sampler({ temperature: -1 })).toThrow('sampler: expected a temperature of 0 or more, got -1.')
    expect(() => sampler({ topK: 0 })).toThrow('sampler: expected topK of 1 or more, got 0.')
    expect(() => sampler({ topP: 0 })).toThrow('sampler: expected topP above 0 and at most 1, got 0.')
  })
})
