import { describe, expect, test } from 'vitest'
import { effectiveTokens, PHI4_TABLE_5, PHI4_TOKENS, planMixture } from '../../src/mixture/index.js'

describe('the plan of a mixture', () => {
  test('gives the epochs that phi-4 published', () => {
    const plan = planMixture(PHI4_TABLE_5, PHI4_TOKENS)
    expect(plan.sources.map(({ epochs }) => Number(epochs.toFixed(1)))).toEqual(
      PHI4_TABLE_5.map(({ publishedEpochs }) => publishedEpochs),
    )
    expect(plan.sources.map(({ tokens }) => tokens)).toEqual([1.5e12, 1.5e12, 4e12, 2e12, 1e12])
    expect(plan.sources.map(({ warning }) => warning)).toEqual([
      null,
      '5.17 epochs: 1500000000000 tokens are worth 1350000000000 seen once; returns diminish beyond 4 epochs',
      '13.8 epochs: 4000000000000 tokens are worth 2810000000000 seen once; returns diminish beyond 4 epochs',
      null,
      null,
    ])
  })

  test('takes the budget from epochs, or weights from epochs and a budget', () => {
    const sources = [
      { name: 'a', uniqueTokens: 1000, epochs: 1.2 },
      { name: 'b', uniqueTokens: 300, epochs: 6 },
    ]
    const plan = planMixture(sources)
    expect(plan.tokens).toBe(3000)
    expect(plan.sources.map(({ weight, tokens }) => [weight, tokens])).toEqual([
      [0.4, 1200],
      [0.6, 1800],
    ])
    expect(
      planMixture(
        [
          { name: 'a', uniqueTokens: 1000, epochs: 1.2 },
          { name: 'b', uniqueTokens: 5, weight: 0.6 },
        ],
        3000,
      ).sources[0]?.weight,
    ).toBe(0.4)
  })

  const a = { name: 'a', uniqueTokens: 1000, weight: 0.5 }
  test.each([
    [[], 10, 'planMixture: expected at least one source, got none.'],
    [[a, a], 10, 'planMixture: expected sources of different names, got a, a.'],
    [
      [a, { ...a, name: 'b', weight: 0.4 }],
      10,
      'planMixture: expected weights whose sum is 1, got 0.9 (a 0.5, b 0.4). Divide the weights by their sum, or change one.',
    ],
    [
      [{ name: 'a', uniqueTokens: 1000, epochs: 2 }],
      2500,
      'planMixture: expected weights whose sum is 1, got 0.8 (a 0.8). Leave the budget out, or ask for 2000 tokens.',
    ],
    [
      [a, { name: 'b', uniqueTokens: 10, epochs: 2 }],
      undefined,
      'planMixture: expected a budget of tokens, got none, and "a" has a weight. Give a budget, or epochs to all sources.',
    ],
    [[a], 0.5, 'planMixture: expected a budget from 1 to 2^53 - 1 tokens, got 0.5.'],
    [[{ ...a, epochs: 2 }], 10, 'planMixture: source "a": expected a weight or epochs, got both.'],
    [[{ name: 'a', uniqueTokens: 1 }], 10, 'planMixture: source "a": expected a weight or epochs, got neither.'],
    [[{ ...a, weight: 0 }], 10, 'planMixture: source "a": expected a weight above 0, got 0.'],
    [
      [{ name: 'a', uniqueTokens: 1, epochs: Number.NaN }],
      10,
      'planMixture: source "a": expected epochs above 0, got NaN.',
    ],
    [
      [{ ...a, uniqueTokens: 0 }],
      10,
      'planMixture: source "a": expected at least one token, got 0. Its shards may be shorter than a window.',
    ],
    [[{ ...a, maxEpochs: 0 }], 10, 'planMixture: source "a": expected maxEpochs above 0, got 0.'],
    [
      [
        { ...a, maxEpochs: 4 },
        { ...a, name: 'b', maxEpochs: 100 },
      ],
      10_000,
      'planMixture: source "a": expected at most 4 epochs, got 5 (5000 tokens of 1000). A budget of 8000 tokens fits, or a smaller weight.',
    ],
    [
      [{ name: 'a', uniqueTokens: 1000, epochs: 5, maxEpochs: 4 }],
      undefined,
      'planMixture: source "a": expected at most 4 epochs, got 5 (5000 tokens of 1000). Ask for fewer epochs.',
    ],
  ])('refuses %#', (sources, tokens, text) => {
    expect(() => planMixture(sources as Parameters<typeof planMixture>[0], tokens)).toThrow(
      new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`),
    )
  })

  test('fits the budget that its refusal names', () => {
    const sources = [
      { ...a, maxEpochs: 4 },
      { ...a, name: 'b' },
    ]
    expect(planMixture(sources, 8000).sources[0]?.epochs).toBe(4)
    expect(() => planMixture(sources, 8001)).toThrow('at most 4 epochs')
  })
})

describe('effective tokens', () => {
  test('are all tokens of the first epoch, nearly all of four, and never more than R* + 1 times the unique ones', () => {
    expect([0.3, 1].map((epochs) => effectiveTokens(100, epochs))).toEqual([30, 100])
    // 1 + 15.4 (1 - e^(-3 / 15.4)) and 1 + 15.4 (1 - e^-1), by hand.
    expect(effectiveTokens(1, 4)).toBeCloseTo(3.72588, 5)
    expect(effectiveTokens(1, 16.4)).toBeCloseTo(10.73466, 5)
    expect(effectiveTokens(1, 1e6)).toBeCloseTo(16.4, 10)
    // No jump, and at first no loss, where repeats begin.
    expect((effectiveTokens(1, 1 + 1e-6) - 1) / 1e-6).toBeCloseTo(1, 5)
  })
})
