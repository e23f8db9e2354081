import { describe, expect, test } from 'vitest'
import { mersenneTwister, minhashParameters } from '../../src/minhash/index.js'
import { u64s } from './bigint-minhash.js'
import golden from './goldens/minhash-parameters.json' with { type: 'json' }

describe('minhashParameters', () => {
  test.each(golden.parameters)('are numpy’s for seed $seed', ({ seed, a, b }) => {
    const parameters = minhashParameters(seed, 112)
    expect(u64s(parameters.a).map(String)).toEqual(a)
    expect(u64s(parameters.b).map(String)).toEqual(b)
  })

  test('the generator is MT19937', () => {
    const next = mersenneTwister(5489)
    // The standard's own check: C++ [rand.predef] gives the 10,000th draw of the default seed.
    for (let i = 1; i < 10000; i++) next()
    expect(next()).toBe(4123659995)
  })
})
