import { expect, it } from 'vitest'
import { cpuDevice, key, setDefaultDevice } from '../../src/index.js'
import {
  constantInit,
  type Initializer,
  kaimingUniform,
  normalInit,
  uniformInit,
  xavierUniform,
} from '../../src/nn/index.js'

setDefaultDevice(cpuDevice())

const SHAPE = [150, 200] as const
const COUNT = SHAPE[0] * SHAPE[1]

/** A uniform draw in [-bound, bound) has the standard deviation bound / sqrt 3. */
const uniformCases: [name: string, initializer: Initializer, bound: number][] = [
  ['uniformInit', uniformInit(0.3), 0.3],
  ['kaimingUniform', kaimingUniform(), 1 / Math.sqrt(200)],
  ['xavierUniform', xavierUniform(), Math.sqrt(6 / 350)],
]

async function moments(initializer: Initializer): Promise<{ values: number[]; mean: number; std: number }> {
  const values = [...(await initializer(key(11), SHAPE).data())]
  const mean = values.reduce((a, b) => a + b, 0) / COUNT
  return { values, mean, std: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / COUNT) }
}

it.each(uniformCases)('%s fills its interval evenly', async (_, initializer, bound) => {
  const { values, mean, std } = await moments(initializer)
  const wanted = bound / Math.sqrt(3)
  expect(Math.abs(mean)).toBeLessThan((5 * wanted) / Math.sqrt(COUNT))
  expect(Math.abs(std / wanted - 1)).toBeLessThan(0.02)
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound * (1 + 1e-6))
  expect(Math.max(...values)).toBeGreaterThan(0.99 * bound)
  expect(Math.min(...values)).toBeLessThan(-0.99 * bound)
})

it('normalInit has its standard deviation and the tails of a normal', async () => {
  const { values, mean, std } = await moments(normalInit(0.02))
  expect(Math.abs(mean)).toBeLessThan((5 * 0.02) / Math.sqrt(COUNT))
  expect(Math.abs(std / 0.02 - 1)).toBeLessThan(0.025)
  const beyondTwo = values.filter((x) => Math.abs(x) > 0.04).length / COUNT
  expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(5 * Math.sqrt((0.0455 * 0.9545) / COUNT))
})

it('constantInit is constant', async () => {
  expect(await constantInit(3)(key(0), [2, 2]).toArray()).toEqual([
    [3, 3],
    [3, 3],
  ])
})
