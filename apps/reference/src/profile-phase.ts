import { type CacheStep, contiguousCache } from '@almanac/attention'
import { type Llama, packWeights } from '@almanac/language-model'
import {
  type BackendMemory,
  compile,
  crossEntropy,
  type Device,
  grad,
  memory,
  type Profile,
  profile,
  type Tensor,
  tensor,
} from '@almanac/tensor-core'
import { AdamW, clipByGlobalNorm } from '@almanac/tensor-core/optim'
import { WEIGHT_FORMATS, type WeightFormat } from './weight-formats.js'

export const PHASES = ['prefill', 'decode', 'train'] as const
export type Phase = (typeof PHASES)[number]

export interface PhaseOptions {
  /** Of the prompt or the training sequences; what is decoded is the last of so many. */
  readonly tokens: number
  /** Sequences of a training step. */
  readonly batch: number
  /** Steps measured, after one to warm up. */
  readonly steps: number
  /** Null: weights stay as they are. */
  readonly quantize: WeightFormat | null
  readonly device: Device
  readonly onStep: (done: number, of: number) => void
}

/** The median step of a phase. */
export interface PhaseProfile {
  readonly phase: Phase
  readonly profile: Profile
  /** What the caller of a step waits, the way to the kernels and back included, while nobody takes the kernels' times. */
  readonly milliseconds: number
  /** Tokens that go through the model in a step. */
  readonly tokens: number
  readonly memory: BackendMemory
}

/** Runs a phase on a device of its own, so that memory and kernels are this phase's alone. */
export async function profilePhase(phase: Phase, model: Llama, options: PhaseOptions): Promise<PhaseProfile> {
  const { device, steps, onStep } = options
  if (options.quantize) packWeights(model, WEIGHT_FORMATS[options.quantize])
  // What waits to be loaded, drawn or packed belongs to no step.
  for (const parameter of model.parameters()) await parameter.value.realize()
  const { tokens, step } = phase === 'train' ? trainingStep(model, options) : decodingStep(model, options, phase)
  onStep(0, steps + 1)
  await step()
  const times: number[] = []
  const profiles: Profile[] = []
  while (times.length < steps) {
    onStep(times.length + 1, steps + 1)
    const start = performance.now()
    await step()
    times.push(performance.now() - start)
    profiles.push(await profile(step, { device }))
  }
  onStep(steps + 1, steps + 1)
  return {
    phase,
    tokens,
    profile: medianBy(profiles, ({ milliseconds }) => milliseconds),
    milliseconds: medianBy(times, (time) => time),
    memory: await memory(device),
  }
}

/** The middle one; of an even number the lower of the two. */
function medianBy<T>(items: readonly T[], key: (item: T) => number): T {
  const sorted = [...items].sort((a, b) => key(a) - key(b))
  return sorted[Math.floor((sorted.length - 1) / 2)] as T
}

interface Step {
  readonly tokens: number
  step(): Promise<unknown>
}

/** What `generate` runs for a prompt, or for one more token: the next logits, with a cache. */
function decodingStep(model: Llama, { tokens, device }: PhaseOptions, phase: 'prefill' | 'decode'): Step {
  const cache = contiguousCache({ ...model.cacheShape, sequences: 1, maxLength: tokens }, { device })
  const compiled = compile(
    (ids: Tensor, place: CacheStep, last: Tensor) => model.nextLogits(ids, last, { step: place, layers: cache.layers }),
    { name: phase },
  )
  const count = phase === 'prefill' ? tokens : 1
  const ids = drawnTokens(1, count, model.config.vocabSize)
  const last = tensor(count - 1, { dtype: 'int32' })
  // What comes before is as it may be; the step is never committed, so that each one is the same.
  cache.reserve(0, tokens - count)
  cache.commit(0, tokens - count)
  const place = cache.step([{ sequence: 0, tokens: count }])
  return { tokens: count, step: async () => (await compiled(ids, place, last)).data() }
}

/** What `pretrain` runs: loss, gradients, clipping and AdamW. */
function trainingStep(model: Llama, { tokens, batch }: PhaseOptions): Step {
  const optimizer = new AdamW(model, { beta1: 0.9, beta2: 0.95, weightDecay: 0.1 })
  const compiled = compile(
    (inputs: Tensor, targets: Tensor) => {
      const loss = crossEntropy(model.forward(inputs), targets)
      const { gradients } = clipByGlobalNorm(grad(loss, optimizer.parameters) as readonly Tensor[], 1)
      optimizer.step(gradients)
      return loss
    },
    { name: 'train' },
  )
  const [inputs, targets] = [1, 2].map((seed) => drawnTokens(batch, tokens, model.config.vocabSize, seed)) as [
    Tensor,
    Tensor,
  ]
  return { tokens: batch * tokens, step: async () => (await compiled(inputs, targets)).item() }
}

/** Any tokens: which ones changes no kernel.  int32 [B, T] */
function drawnTokens(rows: number, columns: number, vocabSize: number, seed = 1): Tensor {
  const ids = Int32Array.from({ length: rows * columns }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % vocabSize)
  return tensor(ids, { shape: [rows, columns] })
}
