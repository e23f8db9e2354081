import {
  compile,
  cpuDevice,
  crossEntropy,
  type Device,
  grad,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { loadStateDict } from '@almanac/tensor-core/nn'
import { AdamW, clipByGlobalNorm } from '@almanac/tensor-core/optim'
import { goldenElement, goldenValues, loadGolden } from '@almanac/test-kit'
import { describe, expect, test } from 'vitest'
import { Llama } from '../src/index.js'

interface Run {
  readonly losses: number[]
  readonly gradNorms: number[]
  readonly logitsFirstRow: number[]
  readonly logitsLastRow: number[]
  readonly finalParameters: Record<string, { l2: number; movedL2: number }>
}
interface Variant {
  readonly parameters: { p: number; name: string; shape: number[]; scale: number; offset: number }[]
  readonly parameterCount: number
  readonly float32: Run
  readonly float64: Run
}
interface Golden {
  readonly config: Record<'vocab' | 'hidden' | 'layers' | 'heads' | 'kvHeads' | 'ffn' | 'time' | 'batch', number>
  readonly learningRates: number[]
  readonly tied: Variant
  readonly untied: Variant
}

const golden = loadGolden<Golden>(import.meta.url, './goldens/llama-training.json')

/** The losses of ten steps agree to 1e-5 relative: 1e-4 would not notice a missing weight decay. */
const RELATIVE = 1e-5

function batch(step: number): { x: Tensor; y: Tensor } {
  const { batch: B, time: T } = golden.config
  const token = (i: number) => goldenElement(1000 + step, i) & goldenElement(2000 + step, i) & 63
  const part = (shift: number) =>
    tensor(
      Int32Array.from({ length: B * T }, (_, i) => token(Math.floor(i / T) * (T + 1) + (i % T) + shift)),
      { shape: [B, T] },
    )
  return { x: part(0), y: part(1) }
}

const relative = (got: number, expected: number) => Math.abs(got - expected) / Math.abs(expected)

async function tenSteps(variant: Variant, tied: boolean) {
  const { config } = golden
  const model = new Llama({
    vocabSize: config.vocab,
    hiddenSize: config.hidden,
    intermediateSize: config.ffn,
    layers: config.layers,
    heads: config.heads,
    kvHeads: config.kvHeads,
    maxPositions: config.time,
    tieWordEmbeddings: tied,
  })
  const initial = new Map(
    variant.parameters.map(({ p, name, shape, scale, offset }) => [
      name,
      tensor(
        goldenValues(
          p,
          shape.reduce((a, b) => a * b, 1),
          scale,
          offset,
        ),
        { shape },
      ),
    ]),
  )
  loadStateDict(model, initial)
  const count = model.parameters().reduce((n, p) => n + p.shape.reduce((a, b) => a * b, 1), 0)
  expect(count).toBe(variant.parameterCount)
  const optimizer = new AdamW(model, { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1 })
  const logits = await model.forward(batch(0).x).data()
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    const { gradients, norm } = clipByGlobalNorm(grad(loss, model.parameters()), 1)
    optimizer.step(gradients)
    return { loss, norm }
  })
  const losses: number[] = []
  const gradNorms: number[] = []
  for (const [i, rate] of golden.learningRates.entries()) {
    optimizer.learningRate.assign(rate)
    const { x, y } = batch(i)
    const { loss, norm } = await step(x, y)
    losses.push(await loss.item())
    gradNorms.push(await norm.item())
  }
  const moved = new Map<string, number>()
  for (const [name, parameter] of model.namedParameters()) {
    const [now, then] = [await parameter.value.data(), await (initial.get(name) as Tensor).data()]
    moved.set(
      name,
      Math.sqrt(Float64Array.from(now, (x, i) => (x - (then[i] as number)) ** 2).reduce((a, b) => a + b, 0)),
    )
  }
  return { logits, losses, gradNorms, moved }
}

describe.each([
  ['cpu in float64', () => cpuDevice({ precision: 'f64' }), 'float64'],
  ['wasm, one thread', () => wasmDevice({ threads: 1 }), 'float32'],
  ['wasm, two threads', () => wasmDevice({ threads: 2 }), 'float32'],
] as const)('ten training steps equal PyTorch on %s', (_, make, precision) => {
  test.each(['tied', 'untied'] as const)('%s head', async (kind) => {
    const device: Device = make()
    const before = setDefaultDevice(device)
    const variant = golden[kind]
    const expected = variant[precision]
    const { logits, losses, gradNorms, moved } = await tenSteps(variant, kind === 'tied')
    const worst = (got: ArrayLike<number>, want: number[]) =>
      Math.max(...want.map((x, i) => relative(got[i] as number, x)))
    console.log(
      `${kind}: losses within ${worst(losses, expected.losses).toExponential(1)}, norms ${worst(gradNorms, expected.gradNorms).toExponential(1)}`,
    )
    expect(worst(losses, expected.losses)).toBeLessThan(RELATIVE)
    expect(worst(gradNorms, expected.gradNorms)).toBeLessThan(1e-4)
    const V = golden.config.vocab
    const absolute = (row: ArrayLike<number>, want: number[]) =>
      Math.max(...want.map((x, i) => Math.abs((row[i] as number) - x)))
    expect(absolute(logits.subarray(0, V), expected.logitsFirstRow)).toBeLessThan(1e-5)
    expect(absolute(logits.subarray(logits.length - V), expected.logitsLastRow)).toBeLessThan(1e-5)
    for (const [name, { movedL2 }] of Object.entries(expected.finalParameters)) {
      expect(relative(moved.get(name) as number, movedL2), name).toBeLessThan(1e-4)
    }
    setDefaultDevice(before)
    await device.close()
  })
})
