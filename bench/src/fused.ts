// The fused kernels of tensor-core on the wasm backend, in GB/s of what they must read and write, beside their fallbacks
// (which the backend fuses as far as it can) and beside a kernel that only doubles its input.
import {
  adamwStep,
  blockMatmul,
  compile,
  crossEntropyBackward,
  crossEntropyRows,
  type FusedDefinition,
  gatherMatmul,
  key,
  layerNorm,
  layerNormBackward,
  logSoftmaxRows,
  normal,
  q8_0,
  realize,
  rmsNorm,
  rmsNormBackward,
  State,
  segmentedMatmul,
  setDefaultDevice,
  softmaxBackward,
  softmaxRows,
  swiglu,
  swigluBackward,
  Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { median } from './measured/median.js'
import { benchOptions } from './shared/bench-options.js'
import { startReport } from './shared/report.js'

/** A fused op as this file calls it. */
interface Op {
  (...args: (Tensor | object)[]): Tensor | readonly Tensor[]
  readonly definition: FusedDefinition
}

interface Case {
  readonly name: string
  readonly op: Op
  inputs(): Tensor[]
  readonly attributes?: object
  /** Floating-point operations, where they bound the op and not the memory. */
  readonly flops?: number
  /** Outputs that go to the State of an input: output index -> input index. */
  readonly updates?: Readonly<Record<number, number>>
  /** False: the fallback is the meaning, not a way to run it at this size. */
  readonly fallback?: boolean
}

const random = (seed: number, ...shape: number[]): Tensor => normal(key(seed), shape)
const ids = (length: number, below: number): Tensor => tensor(Int32Array.from({ length }, (_, i) => (i * 7919) % below))
const NORM = { eps: 1e-5 }
const IGNORE = { ignoreIndex: -100 }
const [ROWS, V, C, F] = [2048, 4096, 256, 1024]
const offsets = (rows: number, groups: number): Tensor =>
  tensor(Int32Array.from({ length: groups + 1 }, (_, g) => Math.round((rows * g) / groups)))

const experts = (rows: number): Case => ({
  name: `segmentedMatmul [${rows}, 512] x [8, 512, 1536]`,
  op: segmentedMatmul as unknown as Op,
  inputs: () => [random(1, rows, 512), random(2, 8, 512, 1536), offsets(rows, 8)],
  flops: 2 * rows * 512 * 1536,
  fallback: false,
})
const packed = (rows: number): Case => ({
  name: `blockMatmul [${rows}, 2048] x Q8_0 [2048, 2048]`,
  op: blockMatmul as unknown as Op,
  inputs: () => [random(1, rows, 2048), random(2, 2048, 2048).cast(q8_0)],
  flops: 2 * rows * 2048 * 2048,
})

const CASES: readonly Case[] = [
  { name: `softmax [${ROWS}, ${V}]`, op: softmaxRows as unknown as Op, inputs: () => [random(1, ROWS, V)] },
  { name: 'softmax [16384, 128]', op: softmaxRows as unknown as Op, inputs: () => [random(1, 16384, 128)] },
  {
    name: 'softmaxBackward [16384, 128]',
    op: softmaxBackward as unknown as Op,
    inputs: () => [random(1, 16384, 128), random(2, 16384, 128)],
  },
  { name: `logSoftmax [${ROWS}, ${V}]`, op: logSoftmaxRows as unknown as Op, inputs: () => [random(1, ROWS, V)] },
  {
    name: `crossEntropy [${ROWS}, ${V}]`,
    op: crossEntropyRows as unknown as Op,
    inputs: () => [random(1, ROWS, V), ids(ROWS, V)],
    attributes: IGNORE,
  },
  {
    name: `crossEntropyBackward [${ROWS}, ${V}]`,
    op: crossEntropyBackward as unknown as Op,
    inputs: () => [random(1, ROWS, V), ids(ROWS, V), random(2, ROWS).abs().add(9), random(3, ROWS)],
    attributes: IGNORE,
  },
  {
    name: `rmsNorm [${ROWS}, ${C}]`,
    op: rmsNorm as unknown as Op,
    inputs: () => [random(1, ROWS, C), random(2, C)],
    attributes: NORM,
  },
  {
    name: `rmsNormBackward [${ROWS}, ${C}]`,
    op: rmsNormBackward as unknown as Op,
    inputs: () => [random(1, ROWS, C), random(2, C), random(3, ROWS, C)],
    attributes: NORM,
  },
  {
    name: `layerNorm [${ROWS}, ${C}]`,
    op: layerNorm as unknown as Op,
    inputs: () => [random(1, ROWS, C), random(2, C), random(3, C)],
    attributes: NORM,
  },
  {
    name: `layerNormBackward [${ROWS}, ${C}]`,
    op: layerNormBackward as unknown as Op,
    inputs: () => [random(1, ROWS, C), random(2, C), random(3, ROWS, C)],
    attributes: NORM,
  },
  {
    name: `swiglu [${ROWS}, ${F}]`,
    op: swiglu as unknown as Op,
    inputs: () => [random(1, ROWS, F), random(2, ROWS, F)],
  },
  {
    name: `swigluBackward [${ROWS}, ${F}]`,
    op: swigluBackward as unknown as Op,
    inputs: () => [random(1, ROWS, F), random(2, ROWS, F), random(3, ROWS, F)],
  },
  {
    name: 'adamwStep [5800000]',
    op: adamwStep as unknown as Op,
    inputs: () => [
      random(1, 5_800_000),
      random(2, 5_800_000),
      random(3, 5_800_000).abs(),
      random(4, 5_800_000),
      tensor(1e-6),
      tensor(3),
    ],
    attributes: { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01 },
    updates: { 0: 0, 1: 1, 2: 2 },
  },
  experts(1024),
  experts(8),
  {
    name: 'gatherMatmul [64, 512] x [16, 512, 16]',
    op: gatherMatmul as unknown as Op,
    inputs: () => [random(1, 64, 512), random(2, 16, 512, 16), ids(64, 16)],
    flops: 2 * 64 * 512 * 16,
  },
  {
    name: 'gatherMatmul [64, 16] x [16, 16, 2048]',
    op: gatherMatmul as unknown as Op,
    inputs: () => [random(1, 64, 16), random(2, 16, 16, 2048), ids(64, 16)],
    flops: 2 * 64 * 16 * 2048,
  },
  packed(1),
  packed(4),
  packed(64),
]

const options = benchOptions()

const bytesOf = ({ shape, dtype }: Tensor): number => {
  const elements = shape.reduce((a, b) => a * b, 1)
  return typeof dtype === 'string' ? 4 * elements : (elements / dtype.blockSize) * dtype.bytesPerBlock
}

/** A program that writes what `run` returns into States, as a function that runs it and gives its milliseconds. */
function timed(run: () => readonly Tensor[], cells: readonly State[]): () => Promise<number> {
  const program = compile(() => {
    run().forEach((y, i) => {
      cells[i]?.assign(y)
    })
    const [first] = cells as [State]
    return first.value.reshape([-1]).slice([[0, 1]])
  })
  return async () => {
    const start = performance.now()
    await (await program()).data()
    return performance.now() - start
  }
}

const report = startReport('fused', { ...options, dry: options.dry || options.only !== '' })
for (const threads of options.threads ?? [1, 2]) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  for (const { name, op, inputs, attributes, flops, updates, fallback } of CASES) {
    if (!name.includes(options.only)) continue
    const start = inputs()
    const states = start.map((x) => new State(x))
    await realize(...states.map((state) => state.value))
    const operands = () => states.map((state) => state.value)
    const meaning = op.definition.fallback(start, attributes)
    const outputs = meaning instanceof Tensor ? [meaning] : meaning
    const cells = outputs.map(({ shape }, i) => states[updates?.[i] ?? -1] ?? new State({ shape }))
    const many = (y: Tensor | readonly Tensor[]) => (y instanceof Tensor ? [y] : y)
    const kernel = timed(() => many(op(...operands(), ...(attributes ? [attributes] : []))), cells)
    const plain = fallback === false ? null : timed(() => many(op.definition.fallback(operands(), attributes)), cells)
    const bytes = [...start, ...outputs].reduce((sum, x) => sum + bytesOf(x), 0)
    const doubled = new State({ shape: [Math.ceil(bytes / 8)] })
    const source = new State(random(1, Math.ceil(bytes / 8)))
    const bound = timed(() => [source.value.mul(2)], [doubled])
    const times: { kernel: number[]; plain: number[]; bound: number[] } = { kernel: [], plain: [], bound: [] }
    for (let round = -2; round < (options.rounds ?? 15); round++) {
      const ms = { kernel: await kernel(), plain: plain ? await plain() : Number.NaN, bound: await bound() }
      if (round < 0) continue
      for (const of of ['kernel', 'plain', 'bound'] as const) times[of].push(ms[of])
    }
    const rate = (list: readonly number[]) => Number((bytes / median(list) / 1e6).toFixed(1))
    report.row('Fused kernels', {
      case: name,
      threads,
      ms: Number(median(times.kernel).toFixed(3)),
      gigabytes: rate(times.kernel),
      fallback: plain ? rate(times.plain) : '',
      doubling: rate(times.bound),
      gflops: flops ? Number((flops / median(times.kernel) / 1e6).toFixed(1)) : '',
    })
  }
  await device.close()
}
report.finish()
