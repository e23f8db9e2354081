import { seededRandom, type Tolerance, toleranceFor } from '@almanac/test-kit'
import * as core from '../../src/index.js'
import { type Device, defineFormat, q4_0, q8_0, realize, Tensor, tensor } from '../../src/index.js'
import { onDevice } from '../support/on-device.js'

/** Inputs and options of one call, made anew on each device. */
export interface Case {
  readonly op: string
  readonly title: string
  inputs(): Tensor[]
  readonly options?: object
}

const random = (seed: number, ...shape: number[]) =>
  tensor(seededRandom(seed).normals(shape.reduce((a, b) => a * b, 1)), { shape })
const positive = (seed: number, ...shape: number[]) =>
  tensor(
    seededRandom(seed)
      .normals(shape.reduce((a, b) => a * b, 1))
      .map((x) => Math.abs(x) + 0.1),
    { shape },
  )
const ints = (...values: number[]) => tensor(Int32Array.from(values))
const masked = (seed: number, rows: number, columns: number) =>
  tensor(
    seededRandom(seed)
      .normals(rows * columns)
      .map((x, i) => (Math.floor(i / columns) === 1 || i % 3 === 0 ? Number.NEGATIVE_INFINITY : x)),
    { shape: [rows, columns] },
  )
const scaled = (seed: number, by: number, ...shape: number[]) =>
  tensor(
    seededRandom(seed)
      .normals(shape.reduce((a, b) => a * b, 1))
      .map((x) => x * by),
    { shape },
  )

/** A row with NaN, one with Infinity, one with both, one of finite numbers. */
const special = (columns: number) => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number
  const at = { 1: nan, [columns + 2]: inf, [2 * columns]: nan, [2 * columns + 1]: inf } as Record<number, number>
  const values = seededRandom(1).normals(4 * columns)
  return tensor(
    values.map((x, i) => at[i] ?? x),
    { shape: [4, columns] },
  )
}

/** Rows and columns: odd, a single row, a single column, more than a vector's worth, many rows. */
const SHAPES = [
  [3, 7],
  [1, 5],
  [4, 1],
  [2, 64],
  [67, 33],
] as const

/** More of them for ops on rows: one element, long rows, many rows, and lengths around what GPUs take at a time. */
const ROW_SHAPES = [...SHAPES, [1, 1], [4, 3], [5, 63], [5, 65], [3, 257], [300, 40], [2, 5000]] as const
const { wgsl: _, ...withoutWgsl } = q8_0
/** Q8_0 as a format that leaves products to the kernel language. */
const q8_0WithoutWgsl = defineFormat({
  ...withoutWgsl,
  name: 'Q8_0 without WGSL',
  encode: (values, out) => out.set(q8_0.encode(values)),
})

const targets = (rows: number, classes: number) =>
  ints(...Array.from({ length: rows }, (_, i) => (i % 4 === 3 ? -100 : (i * 7) % classes)))
type Make = (rows: number, columns: number) => Tensor[]
const over = (shapes: readonly (readonly [number, number])[], op: string, make: Make, options?: object): Case[] =>
  shapes.map(([rows, columns]) => ({
    op,
    title: `${op} [${rows}, ${columns}]`,
    inputs: () => make(rows, columns),
    ...(options ? { options } : {}),
  }))
const each = (op: string, make: Make, options?: object): Case[] => over(SHAPES, op, make, options)
const eachRow = (op: string, make: Make, options?: object): Case[] => over(ROW_SHAPES, op, make, options)

const NORM = { eps: 1e-5 }
const IGNORE = { ignoreIndex: -100 }
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1 }

export const FUSED_CASES: readonly Case[] = [
  ...eachRow('softmaxRows', (r, c) => [random(1, r, c)]),
  { op: 'softmaxRows', title: 'softmaxRows, masked rows', inputs: () => [masked(2, 3, 9)] },
  { op: 'softmaxRows', title: 'softmaxRows, large values', inputs: () => [scaled(3, 1000, 3, 9)] },
  { op: 'softmaxRows', title: 'softmaxRows, long masked rows', inputs: () => [masked(4, 3, 1000)] },
  { op: 'softmaxRows', title: 'softmaxRows, long rows of large values', inputs: () => [scaled(5, 1000, 3, 1000)] },
  { op: 'softmaxRows', title: 'softmaxRows, rows with NaN and Infinity', inputs: () => [special(9)] },
  ...eachRow('softmaxBackward', (r, c) => [random(4, r, c).softmax(), random(5, r, c)]),
  ...eachRow('logSoftmaxRows', (r, c) => [random(6, r, c)]),
  { op: 'logSoftmaxRows', title: 'logSoftmaxRows, large values', inputs: () => [scaled(7, 100, 3, 9)] },
  { op: 'logSoftmaxRows', title: 'logSoftmaxRows, a row with NaN', inputs: () => [special(9).slice([[0, 1]])] },
  { op: 'logSoftmaxRows', title: 'logSoftmaxRows, long masked rows', inputs: () => [masked(7, 3, 1000)] },
  {
    op: 'crossEntropyRows',
    title: 'crossEntropyRows, masked rows, targets that count for nothing',
    inputs: () => [masked(8, 4, 12), ints(1, 2, -100, 4)],
    options: IGNORE,
  },
  ...eachRow('crossEntropyRows', (r, c) => [random(8, r, c), targets(r, c)], IGNORE),
  ...eachRow(
    'crossEntropyBackward',
    (r, c) => [random(9, r, c), targets(r, c), random(9, r, c).logsumexp(-1), random(10, r)],
    IGNORE,
  ),
  ...eachRow('rmsNorm', (r, c) => [random(11, r, c), positive(12, c)], NORM),
  ...eachRow('rmsNormBackward', (r, c) => [random(13, r, c), positive(14, c), random(15, r, c)], NORM),
  ...eachRow('layerNorm', (r, c) => [random(16, r, c + 1), positive(17, c + 1), random(18, c + 1)], NORM),
  ...eachRow('layerNormBackward', (r, c) => [random(30, r, c + 1), positive(31, c + 1), random(32, r, c + 1)], NORM),
  ...(
    [
      ['rmsNormBackward', 5000, 8],
      ['rmsNormBackward', 5001, 7],
      ['layerNormBackward', 1100, 264],
    ] as const
  ).map(
    ([op, r, c]): Case => ({
      op,
      title: `${op}, several rows for each partial sum, [${r}, ${c}]`,
      inputs: () => [random(r, r, c), positive(r + 1, c), random(r + 2, r, c)],
      options: NORM,
    }),
  ),
  ...(
    [
      ['rmsNormBackward', 3],
      ['layerNormBackward', 4],
    ] as const
  ).map(
    ([op, seed]): Case => ({
      op,
      title: `${op}, rows too long for registers`,
      inputs: () => [random(seed, 2, 4099), positive(seed + 10, 4099), random(seed + 20, 2, 4099)],
      options: NORM,
    }),
  ),
  ...each('swiglu', (r, c) => [random(19, r, c), random(20, r, c)]),
  ...each('swigluBackward', (r, c) => [random(21, r, c), random(22, r, c), random(23, r, c)]),
  ...[1, 2, 1000].flatMap((step) =>
    each(
      'adamwStep',
      (r, c) => [random(24, r, c), random(25, r, c), positive(26, r, c), random(27, r, c), tensor(1e-2), tensor(step)],
      ADAM,
    ).map((c) => ({ ...c, title: `${c.title} at step ${step}` })),
  ),
  {
    op: 'segmentedMatmul',
    title: 'segmentedMatmul, an empty segment, rows behind the last',
    inputs: () => [random(1, 9, 5), random(2, 4, 5, 7), ints(0, 3, 3, 5, 8)],
  },
  {
    op: 'segmentedMatmul',
    title: 'segmentedMatmul, wide',
    inputs: () => [random(3, 17, 33), random(4, 2, 33, 70), ints(0, 10, 17)],
  },
  {
    op: 'segmentedMatmul',
    title: 'segmentedMatmul, segments of several tiles, by fours, rows outside of them',
    inputs: () => [random(16, 131, 36), random(17, 3, 36, 72), ints(2, 68, 68, 129)],
  },
  {
    op: 'segmentedMatmul',
    title: 'segmentedMatmul, few rows, by fours',
    inputs: () => [random(18, 6, 20), random(19, 4, 20, 72), ints(1, 1, 3, 4, 5)],
  },
  {
    op: 'segmentedMatmul',
    title: 'segmentedMatmul, large tiles',
    inputs: () => [random(20, 400, 8), random(21, 2, 8, 1540), ints(0, 130, 399)],
  },
  {
    op: 'gatherMatmul',
    title: 'gatherMatmul, also outside of the matrices',
    inputs: () => [random(5, 6, 9), random(6, 3, 9, 21), ints(2, 0, -1, 1, 3, 0)],
  },
  {
    op: 'gatherMatmul',
    title: 'gatherMatmul, by fours',
    inputs: () => [random(22, 6, 35), random(23, 3, 35, 72), ints(2, 0, 1, 1, 2, 0)],
  },
  ...[q8_0, q4_0].map((format) => ({
    op: 'blockTake',
    title: `blockTake, ${format.name}, also outside of the table`,
    inputs: () => [random(11, 6, 64).cast(format), ints(2, 0, -1, 5, 6)],
  })),
  {
    op: 'blockMatmul',
    title: 'blockMatmul, batch axes',
    inputs: () => [random(9, 3, 5, 96), random(10, 7, 96).cast(q8_0)],
  },
  ...[q8_0, q4_0].flatMap((format) =>
    [1, 2, 4, 5, 33].flatMap((rows) =>
      [32, 64, 96, 1056].map((depth) => ({
        op: 'blockMatmul',
        title: `blockMatmul, ${format.name}, ${rows} rows, depth ${depth}`,
        inputs: () => [scaled(rows, depth ** -0.5, rows, depth), random(depth, 39, depth).cast(format)],
      })),
    ),
  ),
  {
    op: 'blockMatmul',
    title: 'blockMatmul, large tiles',
    inputs: () => [random(12, 700, 32), random(13, 705, 32).cast(q8_0)],
  },
  {
    op: 'blockMatmul',
    title: 'blockMatmul, a format without WGSL',
    inputs: () => [random(14, 3, 64), random(15, 5, 64).cast(q8_0WithoutWgsl)],
  },
]

export type Fused = { (...args: unknown[]): Tensor | readonly Tensor[]; readonly definition: core.FusedDefinition }
export const fusedOps = Object.entries(core).filter(
  (entry): entry is [string, Fused] => typeof entry[1] === 'function' && 'definition' in (entry[1] as object),
)

export const fusedOp = (name: string): Fused => (core as unknown as Record<string, Fused>)[name] as Fused

/** A call's results, one after the other. */
export async function valuesOf(result: Tensor | readonly Tensor[]): Promise<ArrayLike<number>[]> {
  const list = result instanceof Tensor ? [result] : result
  await realize(...list)
  return Promise.all(list.map((t) => t.data()))
}

/** What a case's fallback gives: on a device in double precision, what is right. */
export function fallbackOf({ op, inputs, options }: Case, device: Device): Promise<ArrayLike<number>[]> {
  return onDevice(device, () => valuesOf(fusedOp(op).definition.fallback(inputs(), options)))
}

/** What a case's kernels give. Throws where a backend has none for it. */
export function kernelsOf(
  { op, inputs, options }: Case,
  backend: 'wasm' | 'webgpu',
  device: Device,
): Promise<ArrayLike<number>[]> {
  return onDevice(device, () => {
    const [operands, fused] = [inputs(), fusedOp(op)]
    const { kernels, supports } = fused.definition
    if (!kernels[backend] || supports?.(operands, options) === false) {
      throw new Error(`expected a kernel of ${op} for ${backend} that takes these inputs, got none`)
    }
    return valuesOf(fused(...operands, ...(options ? [options] : [])))
  })
}

/** Products with packed weights on wasm round their activations. */
export const toleranceOf = ({ op }: Case, backend: 'wasm' | 'webgpu'): Tolerance =>
  toleranceFor('float32', backend === 'wasm' && op === 'blockMatmul' ? 'rounded' : 'fused')
