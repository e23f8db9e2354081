import { compile, crossEntropy, grad, type Tensor, tensor } from '@almanac/tensor-core'
import { loadStateDict } from '@almanac/tensor-core/nn'
import { AdamW, clipByGlobalNorm } from '@almanac/tensor-core/optim'
import { goldenElement, goldenValues } from '@almanac/test-kit'
import { Llama } from '../src/index.js'

interface Run {
  readonly losses: number[]
  readonly gradNorms: number[]
  readonly logitsFirstRow: number[]
  readonly logitsLastRow: number[]
  readonly finalParameters: Record<string, { l2: number; movedL2: number }>
}
export interface Variant {
  readonly parameters: { p: number; name: string; shape: number[]; scale: number; offset: number }[]
  readonly parameterCount: number
  readonly float32: Run
  readonly float64: Run
}
export interface Golden {
  readonly config: Record<'vocab' | 'hidden' | 'layers' | 'heads' | 'kvHeads' | 'ffn' | 'time' | 'batch', number>
  readonly learningRates: number[]
  readonly tied: Variant
  readonly untied: Variant
}

function batch(step: number, { batch: B, time: T }: Golden['config']): { x: Tensor; y: Tensor } {
  const token = (i: number) => goldenElement(1000 + step, i) & goldenElement(2000 + step, i) & 63
  const part = (shift: number) =>
    tensor(
      Int32Array.from({ length: B * T }, (_, i) => token(Math.floor(i / T) * (T + 1) + (i % T) + shift)),
      { shape: [B, T] },
    )
  return { x: part(0), y: part(1) }
}

/** Ten training steps of the golden's model on the default device: what the test holds against PyTorch's. */
export async function tenSteps({ config, learningRates, ...golden }: Golden, kind: 'tied' | 'untied') {
  const variant = golden[kind]
  const model = new Llama({
    vocabSize: config.vocab,
    hiddenSize: config.hidden,
    intermediateSize: config.ffn,
    layers: config.layers,
    heads: config.heads,
    kvHeads: config.kvHeads,
    maxPositions: config.time,
    tieWordEmbeddings: kind === 'tied',
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
  if (count !== variant.parameterCount) throw new Error(`expected ${variant.parameterCount} parameters, got ${count}`)
  const optimizer = new AdamW(model, { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0.1 })
  const logits = await model.forward(batch(0, config).x).data()
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    const { gradients, norm } = clipByGlobalNorm(grad(loss, model.parameters()), 1)
    optimizer.step(gradients)
    return { loss, norm }
  })
  const losses: number[] = []
  const gradNorms: number[] = []
  for (const [i, rate] of learningRates.entries()) {
    optimizer.learningRate.assign(rate)
    const { x, y } = batch(i, config)
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

const relative = (got: number, expected: number) => Math.abs(got - expected) / Math.abs(expected)
const worst = (got: ArrayLike<number>, want: readonly number[]) =>
  Math.max(...want.map((x, i) => relative(got[i] as number, x)))

/** The losses of ten steps agree to 1e-5 relative: 1e-4 would not notice a missing weight decay. */
const RELATIVE = 1e-5

/** Throws unless ten steps are PyTorch's; returns how far the losses are off. */
export function compareTenSteps(
  { logits, losses, gradNorms, moved }: Awaited<ReturnType<typeof tenSteps>>,
  golden: Golden,
  kind: 'tied' | 'untied',
  precision: 'float32' | 'float64',
): number {
  const expected = golden[kind][precision]
  const below = (what: string, got: number, most: number): void => {
    if (!(got < most)) throw new Error(`${what}: expected within ${most} of PyTorch, got ${got}`)
  }
  below('losses', worst(losses, expected.losses), RELATIVE)
  below('norms of gradients', worst(gradNorms, expected.gradNorms), 1e-4)
  const V = golden.config.vocab
  const absolute = (row: ArrayLike<number>, want: readonly number[]) =>
    Math.max(...want.map((x, i) => Math.abs((row[i] as number) - x)))
  below('logits of the first row', absolute(logits.subarray(0, V), expected.logitsFirstRow), 1e-5)
  below('logits of the last row', absolute(logits.subarray(logits.length - V), expected.logitsLastRow), 1e-5)
  for (const [name, { movedL2 }] of Object.entries(expected.finalParameters)) {
    below(`movement of ${name}`, relative(moved.get(name) as number, movedL2), 1e-4)
  }
  return worst(losses, expected.losses)
}
