import { assertClose, toleranceFor } from '@almanac/test-kit'
import { expect, it } from 'vitest'
import { cpuDevice, grad, mul, setDefaultDevice, sum, tensor } from '../../src/index.js'
import { constantInit, Parameter } from '../../src/nn/index.js'
import { AdamW, clipByGlobalNorm, globalNorm, SGD } from '../../src/optim/index.js'

setDefaultDevice(cpuDevice())
const fused = toleranceFor('float32', 'fused')

function parameter(...values: number[]): Parameter {
  const p = new Parameter([values.length], constantInit(0), { name: 'p' })
  p.assign(tensor(values))
  return p
}

const GRADIENTS = [
  [1, -2],
  [0.5, 0.25],
  [-1, 3],
] as const

/** Three updates written out in plain numbers, beside those of the optimiser. */
it.each([
  { momentum: 0, nesterov: false, weightDecay: 0 },
  { momentum: 0.9, nesterov: false, weightDecay: 0 },
  { momentum: 0.9, nesterov: true, weightDecay: 0.1 },
])('SGD with %o follows its formula', async ({ momentum, nesterov, weightDecay }) => {
  const p = parameter(1, 2)
  const sgd = new SGD([p], { learningRate: 0.1, momentum, nesterov, weightDecay })
  const expected = [1, 2]
  const velocity = [0, 0]
  for (const g of GRADIENTS) {
    sgd.step([tensor([...g])])
    for (const i of [0, 1] as const) {
      const raw = g[i] + weightDecay * (expected[i] as number)
      velocity[i] = momentum * (velocity[i] as number) + raw
      const update = nesterov ? raw + momentum * velocity[i] : velocity[i]
      expected[i] = (expected[i] as number) - 0.1 * update
    }
  }
  assertClose(await p.value.data(), expected, fused, 'parameter')
})

it('AdamW follows algorithm 2 and decays what it is told to', async () => {
  for (const decays of [true, false]) {
    const p = parameter(1, 2)
    const adamw = new AdamW([p], { learningRate: 0.1, weightDecay: 0.2, decays: () => decays })
    const expected = [1, 2]
    const [m, v] = [
      [0, 0],
      [0, 0],
    ]
    GRADIENTS.forEach((g, step) => {
      adamw.step([tensor([...g])])
      for (const i of [0, 1] as const) {
        m[i] = 0.9 * (m[i] as number) + 0.1 * g[i]
        v[i] = 0.999 * (v[i] as number) + 0.001 * g[i] ** 2
        const [mHat, vHat] = [m[i] / (1 - 0.9 ** (step + 1)), v[i] / (1 - 0.999 ** (step + 1))]
        const decayed = (expected[i] as number) * (1 - (decays ? 0.1 * 0.2 : 0))
        expected[i] = decayed - (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8)
      }
    })
    assertClose(await p.value.data(), expected, fused, `parameter, ${decays ? 'with' : 'without'} decay`)
    expect(await adamw.stepCount.value.item()).toBe(3)
  }
})

it.each(['SGD', 'AdamW'])('%s goes down a bowl', async (name) => {
  const p = parameter(3, -4)
  const optimizer = name === 'SGD' ? new SGD([p], { learningRate: 0.1 }) : new AdamW([p], { learningRate: 0.2 })
  for (let i = 0; i < 60; i++) {
    optimizer.step(grad(sum(mul(p, p)), [p]))
    await p.value.realize()
  }
  for (const value of await p.value.data()) expect(Math.abs(value)).toBeLessThan(0.3)
})

it('changes the learning rate by an assign', async () => {
  const p = parameter(1)
  const sgd = new SGD([p], { learningRate: 0.1 })
  sgd.learningRate.assign(0.5)
  sgd.step([tensor([1])])
  expect(await p.value.data()).toEqual(Float32Array.of(0.5))
})

it('clips gradients together, and leaves short ones alone', async () => {
  const gradients = [tensor([3, 0]), tensor([[4]])]
  expect(await globalNorm(gradients).item()).toBe(5)
  const clipped = clipByGlobalNorm(gradients, 1)
  expect(await clipped.norm.item()).toBe(5)
  assertClose(await (clipped.gradients[0] as (typeof gradients)[0]).data(), [0.6, 0], fused, 'first')
  assertClose(await (clipped.gradients[1] as (typeof gradients)[0]).data(), [0.8], fused, 'second')
  const same = clipByGlobalNorm(gradients, 10)
  expect(await (same.gradients[0] as (typeof gradients)[0]).data()).toEqual(Float32Array.of(3, 0))
})

it('says what is wrong with what it is given', () => {
  const p = parameter(1, 2)
  const sgd = new SGD([p])
  expect(() => sgd.step([])).toThrow(
    'SGD.step: expected 1 gradients, one a parameter, got 0. Pass grad(loss, model.parameters()).',
  )
  expect(() => sgd.step([tensor([1])])).toThrow('SGD.step: expected a gradient of shape [2] for p, got [1].')
  expect(() => new AdamW([])).toThrow('AdamW: expected at least one trainable parameter, got none.')
  expect(() => globalNorm([])).toThrow('globalNorm: expected at least one gradient, got none.')
  expect(() => clipByGlobalNorm([tensor([1])], 0)).toThrow('clipByGlobalNorm: expected a norm above 0, got 0.')
})
