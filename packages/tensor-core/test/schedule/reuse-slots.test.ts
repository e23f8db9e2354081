import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { softmaxBackward, softmaxRows } from '../../src/fused/softmax.js'
import {
  adamwStep,
  crossEntropyBackward,
  type Device,
  key,
  layerNormBackward,
  normal,
  realize,
  rmsNormBackward,
  setDefaultDevice,
  swigluBackward,
  type Tensor,
  tensor,
  wasmDevice,
} from '../../src/index.js'
import { inputsOf, outputsOf } from '../../src/schedule/program-builder.js'
import { listing, planStep } from '../support/plan-step.js'

const [ROWS, COLUMNS] = [67, 133]
const of = (seed: number) => normal(key(seed), [ROWS, COLUMNS])
const column = (seed: number) => normal(key(seed), [ROWS])
const row = (seed: number) => normal(key(seed), [COLUMNS])
const ids = tensor(Int32Array.from({ length: ROWS }, (_, i) => (i % 5 === 0 ? -100 : (i * 31) % COLUMNS)))

/** Every fused op that says `inPlace`, as one over the temporaries that its outputs take the places of. */
const cases: readonly [name: string, inputs: () => Tensor[], fn: (inputs: readonly Tensor[]) => readonly Tensor[]][] = [
  ['softmax', () => [of(1)], ([x]) => [softmaxRows(x as Tensor)]],
  ['softmaxBackward', () => [of(1)], ([dy]) => [softmaxBackward(of(2).exp(), dy as Tensor)]],
  ['swigluBackward', () => [of(1), of(2)], ([gate, up]) => swigluBackward(gate as Tensor, up as Tensor, of(3))],
  ['rmsNormBackward', () => [of(1)], ([dy]) => rmsNormBackward(of(2), row(3), dy as Tensor, { eps: 1e-5 }).slice(0, 1)],
  [
    'layerNormBackward',
    () => [of(1)],
    ([dy]) => layerNormBackward(of(2), row(3), dy as Tensor, { eps: 1e-5 }).slice(0, 1),
  ],
  [
    'crossEntropyBackward',
    () => [of(1)],
    ([logits]) => [crossEntropyBackward(logits as Tensor, ids, column(2).add(9), column(3), { ignoreIndex: -100 })],
  ],
  [
    'adamwStep',
    () => [of(1), of(2), of(3).square()],
    ([p, m, v]) =>
      adamwStep(p as Tensor, m as Tensor, v as Tensor, of(4), 0.01, 3, {
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.1,
      }),
  ],
]

/** Temporaries in, temporaries out: something reads the results, nothing but `fn` the inputs. */
const between = (inputs: readonly Tensor[], fn: (typeof cases)[number][2]) => fn(inputs).map((y) => y.copy())

describe.each([1, 2])('outputs in the places of inputs, %i threads', (threads) => {
  let device: Device
  let before: Device
  beforeAll(() => {
    device = wasmDevice({ threads })
    before = setDefaultDevice(device)
  })
  afterAll(async () => {
    setDefaultDevice(before)
    await device.close()
  })

  it.each(cases)('%s gives the same bits', async (_, inputs, fn) => {
    const inPlace = between(inputs(), fn)
    await realize(...inPlace)
    // Asked for beside the result, the inputs have buffers of their own that nothing may overwrite.
    const own = inputs()
    const apart = between(own, fn)
    await realize(...own, ...apart)
    for (const [i, y] of inPlace.entries()) expect(await y.bytes()).toEqual(await (apart[i] as Tensor).bytes())
  })
})

it.each(cases)('%s takes the place of its input in the plan', (name, inputs, fn) => {
  const program = planStep(() => fn(inputs()).map((y) => y.sum()))
  const launch = program.launches.find(({ label }) => label === name)
  expect(launch, listing(program)).toBeDefined()
  if (!launch) return
  const shared = outputsOf(launch).filter(({ slot }) => inputsOf(launch).some((input) => input.slot === slot))
  expect(shared, listing(program)).toHaveLength(inputs().length)
})

it('a map takes the place of an operand that ends there, and of none that is read across or still needed', () => {
  const program = planStep(() => {
    const x = of(1).matmul(normal(key(9), [COLUMNS, ROWS])) // [ROWS, ROWS]
    const across = x.add(x.transpose()) // reads x across itself
    return [across.cumsum(0).exp().matmul(across).sum()]
  })
  const inPlace = program.launches
    .filter((launch) => inputsOf(launch).some(({ slot }) => outputsOf(launch).some((output) => output.slot === slot)))
    .map(({ label }) => label)
  expect(
    inPlace.filter((label) => label === 'add'),
    listing(program),
  ).toEqual([])
  expect(inPlace).toContain('exp')
})
