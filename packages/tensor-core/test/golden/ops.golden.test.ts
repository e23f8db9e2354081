import {
  assertClose,
  GOLDEN_TOLERANCE,
  goldenIntegers,
  goldenValues,
  loadGolden,
  type Tolerance,
  toleranceFor,
} from '@almanac/test-kit'
import { afterAll, describe, expect, it } from 'vitest'
import { type Device, grad, realizeAll, type Tensor, tensor } from '../../src/index.js'
import { Parameter } from '../../src/nn/index.js'
import { AdamW, clipByGlobalNorm, SGD } from '../../src/optim/index.js'
import { cpu, cpu64, wasm } from '../support/devices.js'
import { type Attributes, goldenOps, type Named } from './golden-ops.js'

type Spec =
  | { shape: number[]; seed: number; scale: number; offset: number }
  | { shape: number[]; seed: number; below: number }
  | { shape: number[]; data: number[] }
type Numbers = Readonly<Record<string, number[]>>

interface GoldenCase {
  readonly name: string
  readonly op: string
  readonly attrs: Attributes
  readonly inputs: Readonly<Record<string, Spec>>
  readonly shapes: Readonly<Record<string, number[]>>
  readonly outputs: Numbers
  readonly cotangents?: Readonly<Record<string, Spec>>
  readonly gradients?: Numbers
}

interface GoldenOptimizer {
  readonly name: string
  readonly op: 'adamw' | 'adam' | 'sgd'
  readonly attrs: Attributes
  readonly w: Spec
  readonly gradient: { shape: number[]; seed: number; scale: number; offset: number }
  readonly steps: number
  readonly after: number[][]
}

interface GoldenClip {
  readonly name: string
  readonly max_norm: number
  readonly gradients: Readonly<Record<string, Spec>>
  readonly norm: number
  readonly clipped: Numbers
}

const golden = loadGolden<{ cases: GoldenCase[]; optimizers: GoldenOptimizer[]; clipGradNorm: GoldenClip[] }>(
  import.meta.url,
  '../goldens/ops.json',
)

function materialise(spec: Spec, device: Device, differentiated = false): Tensor {
  const { shape } = spec
  const size = shape.reduce((a, b) => a * b, 1)
  if ('below' in spec) return tensor(goldenIntegers(spec.seed, size, spec.below), { shape, device })
  if ('data' in spec)
    return tensor(spec.data.flat(9) as number[], { shape, dtype: differentiated ? 'float32' : 'int32', device })
  return tensor(goldenValues(spec.seed, size, spec.scale, spec.offset), { shape, device })
}

const materialiseAll = (specs: Readonly<Record<string, Spec>>, device: Device, gradients: Numbers = {}): Named =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, materialise(spec, device, name in gradients)]))

const devices = [await cpu64(), await cpu(), await wasm(1), await wasm(2)]

describe.each(devices)('PyTorch on $name', ({ device, name: deviceName }) => {
  const on = device as Device
  afterAll(() => on.close())
  const doubles = deviceName.includes('64')
  const tolerance = (opClass: Parameters<typeof toleranceFor>[1]): Tolerance =>
    doubles ? GOLDEN_TOLERANCE : toleranceFor('float32', opClass)

  it.each(golden.cases)('$name', async ({ op, attrs, inputs: specs, shapes, outputs, cotangents, gradients }) => {
    const { opClass, run } = goldenOps[op] as (typeof goldenOps)[string]
    const inputs = materialiseAll(specs, on, gradients)
    const result = run(inputs, attrs)
    const y: Named = 'node' in result ? { y: result as Tensor } : (result as Named)
    const names = Object.keys(gradients ?? {})
    const loss = Object.entries(cotangents ?? {})
      .map(([name, spec]) => (y[name] as Tensor).mul(materialise(spec, on)).sum())
      .reduce<Tensor | null>((total, part) => (total ? total.add(part) : part), null)
    const slopes = loss
      ? grad(
          loss,
          names.map((name) => inputs[name] as Tensor),
        )
      : []
    await realizeAll([...Object.keys(outputs).map((name) => y[name] as Tensor), ...slopes])
    for (const [name, expected] of Object.entries(outputs)) {
      expect(y[name]?.shape).toEqual(shapes[name])
      assertClose((await y[name]?.data()) ?? [], [expected].flat(), tolerance(opClass), name)
    }
    for (const [i, slope] of slopes.entries()) {
      const label = `gradient of ${names[i]}`
      assertClose(await slope.data(), (gradients as Numbers)[names[i] as string] as number[], tolerance(opClass), label)
    }
  })

  it.each(golden.optimizers)('$name', async ({ op, attrs, w, gradient, steps, after }) => {
    const parameter = new Parameter(w.shape, (_, shape) => tensor(0).expand(shape), { device: on, name: 'w' })
    parameter.assign(materialise(w, on))
    const rate = { learningRate: attrs['lr'] as number }
    const weightDecay = (attrs['weight_decay'] as number | undefined) ?? 0
    const [beta1, beta2] = (attrs['betas'] as [number, number] | undefined) ?? [0, 0]
    const eps = attrs['eps'] as number
    const adamw = op !== 'sgd'
    const optimizer = adamw
      ? // Coupled decay is a term of the gradient.
        new AdamW([parameter], { ...rate, beta1, beta2, eps, weightDecay: op === 'adam' ? 0 : weightDecay })
      : new SGD([parameter], {
          ...rate,
          weightDecay: attrs['dampening'] ? 0 : weightDecay,
          momentum: (attrs['momentum'] as number | undefined) ?? 0,
          nesterov: attrs['nesterov'] === true,
        })
    // As a constant the rate is not rounded to float32 on the float64 device.
    optimizer.learningRate.assign(rate.learningRate)
    for (let step = 0; step < steps; step++) {
      let g = materialise({ ...gradient, seed: gradient.seed + step }, on)
      if (op === 'adam') g = g.add(parameter.value.mul(weightDecay))
      // Dampening scales every gradient but the first.
      if (attrs['dampening'] && step > 0) g = g.mul(1 - (attrs['dampening'] as number))
      optimizer.step([g])
      assertClose(await parameter.value.data(), after[step] as number[], tolerance('fused'), `after step ${step}`)
    }
  })

  it.each(golden.clipGradNorm)('clipping that $name', async ({ max_norm, gradients, norm, clipped }) => {
    const inputs = materialiseAll(gradients, on)
    const result = clipByGlobalNorm(Object.values(inputs), max_norm)
    await realizeAll([result.norm, ...result.gradients])
    assertClose([await result.norm.item()], [norm].flat(), tolerance('reduction'), 'norm')
    for (const [i, name] of Object.keys(inputs).entries()) {
      assertClose((await result.gradients[i]?.data()) ?? [], clipped[name] as number[], tolerance('reduction'), name)
    }
  })
})
