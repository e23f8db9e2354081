import { SHAPES } from '../measured/decoding-workload.js'
import { type ProductDType, productsAtOnce } from '../measured/products-workload.js'
import type { TrainingSize } from '../measured/workload.js'

/** What is measured on a GPU. */
export type GpuCase = { readonly name: string } & (
  | { readonly kind: 'bandwidth'; readonly bytes: number }
  | { readonly kind: 'products'; readonly size: number; readonly dtype: ProductDType }
  | { readonly kind: 'training'; readonly size: TrainingSize }
  | {
      readonly kind: 'decoding'
      readonly model: keyof typeof SHAPES
      readonly format: string
      readonly prefill: number
      readonly decode: number
    }
)

/** What a case must find: memory of the GPU in all, and of that the largest buffer. */
export interface MemoryNeed {
  readonly bytes: number
  readonly largestBuffer: number
}

export interface GpuLimits {
  readonly memoryBytes: number
  readonly maxBufferBytes: number
}

/** GPT-2's sizes in a Llama: 123.5M parameters with the tied head. */
export const LLAMA_124M = { vocabSize: 50_304, hiddenSize: 768, intermediateSize: 2048, heads: 12 }
const TINY = { vocabSize: 128, hiddenSize: 32, intermediateSize: 64, heads: 2 }
/** Sequences of a batch, the most that fit. */
const BATCHES = [32, 16, 8, 4, 2, 1]

export interface CaseOptions {
  /** Of the products. */
  readonly sizes: readonly number[] | undefined
  /** Sizes that a CPU which pretends to be a GPU runs in a minute. */
  readonly quick: boolean
  /** Cases whose name has this text. */
  readonly only: string
}

/** Every case, in order; the training step once for each batch, largest first: the first that runs is the one. */
export function gpuCases({ sizes, quick, only }: CaseOptions): readonly GpuCase[] {
  const products = (sizes ?? (quick ? [64, 96] : [1024, 2048, 4096, 8192])).flatMap((size) =>
    (['float32', 'float16'] as const).map(
      (dtype): GpuCase => ({ kind: 'products', name: `product ${size} ${dtype}`, size, dtype }),
    ),
  )
  const training = (quick ? [1] : BATCHES).map((batch): GpuCase => {
    const size = quick
      ? { batch, time: 16, layers: 1, width: TINY }
      : { batch, time: 1024, layers: 12, width: LLAMA_124M }
    return { kind: 'training', name: `training step, batch ${batch}`, size }
  })
  const model = quick ? 'tiny' : 'Llama-3.2-1B'
  const decoding = (quick ? ['f16', 'q8_0'] : ['bf16', 'f16', 'q8_0']).map((format): GpuCase => {
    const [prefill, decode] = quick ? [16, 4] : [512, 64]
    return { kind: 'decoding', name: `decoding ${model} ${format}`, model, format, prefill, decode }
  })
  const bandwidth: GpuCase = { kind: 'bandwidth', name: 'bandwidth', bytes: quick ? 2 ** 20 : 2 ** 28 }
  return [bandwidth, ...products, ...training, ...decoding].filter(({ name }) => name.includes(only))
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, float16: 2, f32: 4, f16: 2, bf16: 2, q8_0: 34 / 32 }
/** What programs, pipelines and a peer's context take beside the tensors. */
const OVERHEAD = 2 ** 29

/** An estimate from above; `peers` counts the systems that hold the same work at the same time. */
export function memoryNeed(gpuCase: GpuCase, peers: number): MemoryNeed {
  switch (gpuCase.kind) {
    case 'bandwidth':
      return { bytes: 3 * gpuCase.bytes, largestBuffer: gpuCase.bytes }
    case 'products': {
      const elements = gpuCase.size ** 2
      // Random numbers are drawn in pairs, in float32.
      const ours = elements * (BYTES[gpuCase.dtype] as number) * (2 + productsAtOnce(gpuCase.size)) + 8 * elements
      return { bytes: ours + peers * 12 * elements + OVERHEAD, largestBuffer: 8 * elements }
    }
    case 'training': {
      const { batch, time, layers, width = LLAMA_124M } = gpuCase.size
      const { vocabSize: V, hiddenSize: C, intermediateSize: F, heads: H } = width
      const parameters = V * C + layers * (4 * C * C + 3 * C * F)
      const tokens = batch * time
      // Kept for the way back: inputs, norms, queries, keys, values, weights of attention where no kernel spares them.
      const kept = layers * (9 * C + 4 * F + H * time)
      // Weights, gradients and two moments; logits and their gradient.
      const once = 16 * parameters + 4 * tokens * (kept + 2 * V)
      return { bytes: once * (1 + peers) + OVERHEAD, largestBuffer: 4 * Math.max(tokens * V, batch * H * time * time) }
    }
    case 'decoding': {
      const {
        vocabSize: V,
        hiddenSize: C,
        intermediateSize: F,
        layers,
        heads,
        kvHeads,
        headDim,
      } = SHAPES[gpuCase.model]
      const layer = 2 * C * headDim * (heads + kvHeads) + 3 * C * F
      const each = BYTES[gpuCase.format] as number
      const activations = 4 * gpuCase.prefill * (8 * C + 4 * F + heads * gpuCase.prefill)
      // A weight is copied once while it is loaded. No peer takes part.
      return { bytes: each * (2 * V * C + layers * layer) + activations + OVERHEAD, largestBuffer: each * V * C }
    }
  }
}

/** Why a case cannot run here, or null. */
export function missingMemory(need: MemoryNeed, { memoryBytes, maxBufferBytes }: GpuLimits): string | null {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  if (need.largestBuffer > maxBufferBytes) {
    return `needs a buffer of ${gib(need.largestBuffer)}, the adapter gives ${gib(maxBufferBytes)}`
  }
  if (need.bytes > memoryBytes) return `needs about ${gib(need.bytes)}, ${gib(memoryBytes)} may be taken`
  return null
}

export interface PlannedCases {
  readonly run: readonly GpuCase[]
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[]
}

/** Sorts cases into those that fit and those that do not. */
export function planCases(cases: readonly GpuCase[], limits: GpuLimits, peers: number): PlannedCases {
  const run: GpuCase[] = []
  const leftOut: { name: string; reason: string }[] = []
  for (const gpuCase of cases) {
    const reason = missingMemory(memoryNeed(gpuCase, peers), limits)
    if (reason === null) run.push(gpuCase)
    else leftOut.push({ name: gpuCase.name, reason })
  }
  return { run, leftOut }
}
