import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { type DType, isBlock, type ScalarDType } from '../../src/dtype.js'
import { q4_0 } from '../../src/formats/q4-0.js'
import { q8_0 } from '../../src/formats/q8-0.js'
import { argmaxRecord } from '../../src/ops/argmax.js'
import { argsortRecord } from '../../src/ops/argsort.js'
import { cumsumRecord } from '../../src/ops/cumsum.js'
import { decodeBlocksRecord } from '../../src/ops/decode-blocks.js'
import { dynamicSliceRecord } from '../../src/ops/dynamic-slice.js'
import { dynamicUpdateSliceRecord } from '../../src/ops/dynamic-update-slice.js'
import { encodeBlocksRecord } from '../../src/ops/encode-blocks.js'
import { matmulRecord } from '../../src/ops/matmul.js'
import type { OpaqueRecord } from '../../src/ops/op-record.js'
import { randomBitsRecord } from '../../src/ops/random-bits.js'
import { scatterRecord } from '../../src/ops/scatter.js'
import { scatterAddRecord } from '../../src/ops/scatter-add.js'
import { segmentSumRecord } from '../../src/ops/segment-sum.js'
import { takeRecord } from '../../src/ops/take.js'
import { takeAlongAxisRecord } from '../../src/ops/take-along-axis.js'
import type { Launch, OpLaunch } from '../../src/schedule/program.js'
import { type Shape, sizeOf } from '../../src/shape.js'
import { randomMap, randomReduce, seeded } from '../codegen/random-launch.js'
import { bytesOf, runReference, valuesOf } from '../codegen/reference-launch.js'
import { operand, program, slot } from './programs.js'
import { runProgram } from './run-program.js'

const gpu = await swiftShaderGpu()
const backend = gpu ? await webgpu({ gpu }) : null
afterAll(() => backend?.close())

/** Small integers: every order of summation gives the same bits. */
function smallValues(random: (n: number) => number, size: number, dtype: ScalarDType): Float64Array {
  const [low, count] = dtype === 'bool' ? [0, 2] : dtype === 'uint8' || dtype === 'uint32' ? [0, 4] : [-2, 5]
  return Float64Array.from({ length: size }, () => low + random(count))
}

/** Runs a launch over slots of one value an element each and compares every slot with the naive meaning. */
async function check(launch: Launch, dtypes: readonly ScalarDType[], values: readonly Float64Array[]): Promise<void> {
  if (!backend) return
  const expected = values.map((of) => of.slice())
  runReference(launch, expected)
  const slots = values.map((of, i) => slot(dtypes[i] as ScalarDType, of.length))
  const contents = values.map((of, i) => bytesOf(dtypes[i] as ScalarDType, of))
  const after = await runProgram(backend, program(slots, [launch]), contents)
  after.forEach((bytes, i) => {
    const got = valuesOf(dtypes[i] as ScalarDType, bytes)
    // -0 and 0 are one number here.
    const wrong = got.findIndex((x, at) => x !== expected[i]?.[at])
    if (wrong >= 0) expect.fail(`slot ${i}, element ${wrong}: expected ${expected[i]?.[wrong]}, got ${got[wrong]}`)
  })
}

describe.skipIf(!backend)('generated kernels on webgpu agree with the naive meaning', () => {
  it.each(['float32', 'int32', 'uint32', 'int8', 'uint8'] as const)('on random maps of %s', async (dtype) => {
    for (let seed = 0; seed < 8; seed++) {
      const random = seeded(seed * 7919 + 3)
      const { launch, sizes } = randomMap(random, dtype)
      const dtypes = sizes.map(() => dtype)
      await check(
        launch,
        dtypes,
        sizes.map((size) => smallValues(random, size, dtype)),
      )
    }
  })

  it.each(['float32', 'int32', 'uint32', 'int8', 'uint8'] as const)('on random reductions of %s', async (dtype) => {
    for (let seed = 0; seed < 8; seed++) {
      const random = seeded(seed * 104_729 + 5)
      const { launch, sizes } = randomReduce(random, dtype)
      const dtypes = sizes.map(() => dtype)
      await check(
        launch,
        dtypes,
        sizes.map((size) => smallValues(random, size, dtype)),
      )
    }
  })
})

interface OpCase {
  // biome-ignore lint/suspicious/noExplicitAny: records of all attribute types meet here
  readonly record: OpaqueRecord<any>
  readonly attributes?: unknown
  readonly inputs: readonly (readonly [Shape, DType, ArrayLike<number>?])[]
}

const random = seeded(11)
const integers = (n: number, below: number) => Array.from({ length: n }, () => random(below))

const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: low } = Number
/** Many ties, zeros of both signs, NaN and infinities; some rows of NaN and -Infinity alone. */
const special = (n: number) =>
  Array.from({ length: n }, (_, i) =>
    i < 80
      ? (([0, -0, nan, inf, low, 1, -1] as const)[random(7)] as number)
      : i < 160
        ? (([nan, low] as const)[random(2)] as number)
        : random(3),
  )
const spread = (n: number) => Array.from({ length: n }, () => random(256) - 128)
const high = (n: number) => Array.from({ length: n }, () => 2 ** 31 - 20 + random(40))

const CASES: OpCase[] = [
  {
    record: matmulRecord,
    inputs: [
      [[2, 5, 7], 'float32'],
      [[2, 7, 3], 'float32'],
    ],
  },
  {
    record: matmulRecord,
    inputs: [
      [[5, 7], 'float16'],
      [[7, 3], 'float16'],
    ],
  },
  {
    record: takeRecord,
    attributes: { axis: 1 },
    inputs: [
      [[3, 8, 5], 'float32'],
      [[2, 2], 'int32', [7, 0, 9, -1]],
    ],
  },
  {
    record: takeRecord,
    attributes: { axis: 0 },
    inputs: [
      [[8, 5], 'int8'],
      [[3], 'int32', [7, 0, 3]],
    ],
  },
  {
    record: takeAlongAxisRecord,
    attributes: { axis: 1 },
    inputs: [
      [[3, 8], 'float32'],
      [[3, 2], 'int32', integers(6, 8)],
    ],
  },
  {
    record: scatterRecord,
    attributes: { axis: 0 },
    inputs: [
      [[6, 5], 'bfloat16'],
      [[2], 'int32', [4, 1]],
      [[2, 5], 'bfloat16'],
    ],
  },
  {
    record: scatterAddRecord,
    attributes: { axis: 1 },
    inputs: [
      [[3, 4], 'float32'],
      [[3, 9], 'int32', integers(27, 4)],
      [[3, 9], 'float32'],
    ],
  },
  {
    record: segmentSumRecord,
    attributes: { axis: 0, segments: 4 },
    inputs: [
      [[9, 20], 'float32'],
      [[9], 'int32', integers(9, 4)],
    ],
  },
  {
    record: dynamicSliceRecord,
    attributes: { shape: [2, 3] },
    inputs: [
      [[5, 7], 'float32'],
      [[2], 'int32', [2, 4]],
    ],
  },
  {
    record: dynamicUpdateSliceRecord,
    inputs: [
      [[5, 7], 'float16'],
      [[2, 3], 'float16'],
      [[2], 'int32', [2, 4]],
    ],
  },
  { record: cumsumRecord, attributes: { axis: 0 }, inputs: [[[9, 4], 'float32']] },
  { record: argmaxRecord, attributes: { axis: 1 }, inputs: [[[6, 30], 'float32']] },
  { record: argsortRecord, attributes: { descending: true }, inputs: [[[4, 33], 'float32']] },
  { record: argmaxRecord, attributes: { axis: 1 }, inputs: [[[3, 700], 'float32']] },
  { record: argmaxRecord, attributes: { axis: 1, smallest: true }, inputs: [[[2, 100], 'int8', spread(200)]] },
  { record: argmaxRecord, attributes: { axis: 1, smallest: false }, inputs: [[[2, 300], 'uint32', high(600)]] },
  {
    record: argmaxRecord,
    attributes: { axis: 1, smallest: true },
    inputs: [[[3, 80], 'float32', special(240)]],
  },
  {
    record: argmaxRecord,
    attributes: { axis: 1, smallest: false },
    inputs: [[[3, 80], 'float32', special(240)]],
  },
  { record: argsortRecord, attributes: { descending: false }, inputs: [[[5, 40], 'float32', special(200)]] },
  { record: argsortRecord, attributes: { descending: true }, inputs: [[[5, 40], 'float32', special(200)]] },
  { record: argsortRecord, attributes: { descending: false }, inputs: [[[1, 1024], 'int32']] },
  { record: argsortRecord, attributes: { descending: true }, inputs: [[[2, 5000], 'float32']] },
  { record: argsortRecord, attributes: { descending: true }, inputs: [[[1, 1100], 'uint32', high(1100)]] },
  { record: cumsumRecord, attributes: { axis: 1 }, inputs: [[[3, 2500], 'float32']] },
  { record: cumsumRecord, attributes: { axis: 1 }, inputs: [[[2, 70], 'int8', integers(140, 3).map((x) => x - 1)]] },
  {
    record: segmentSumRecord,
    attributes: { axis: 0, segments: 300 },
    inputs: [
      [[700, 8], 'float32'],
      [[700], 'int32', integers(700, 310).map((id) => id - 5)],
    ],
  },
  {
    record: segmentSumRecord,
    attributes: { axis: 1, segments: 3 },
    inputs: [
      [[2, 300, 5], 'int32'],
      [[300], 'int32', integers(300, 3)],
    ],
  },
  {
    record: segmentSumRecord,
    attributes: { axis: 0, segments: 5 },
    inputs: [
      [[0, 4], 'float32'],
      [[0], 'int32'],
    ],
  },
  {
    record: takeRecord,
    attributes: { axis: 0 },
    inputs: [
      [[0, 4], 'int32'],
      [[2], 'int32', [0, 1]],
    ],
  },
  {
    record: takeRecord,
    attributes: { axis: 1 },
    inputs: [
      [[3, 8, 12], 'bfloat16'],
      [[5], 'int32', [7, 0, -1, 8, 2]],
    ],
  },
  {
    record: randomBitsRecord,
    attributes: { shape: [40], stream: 1, pairs: false },
    inputs: [[[2], 'uint32', [1, 4_000_000_000]]],
  },
  ...[q8_0, q4_0].flatMap((format): OpCase[] => [
    {
      record: encodeBlocksRecord,
      attributes: { format },
      inputs: [[[3, 64], 'float32', Array.from({ length: 192 }, (_, i) => Math.sin(i))]],
    },
    { record: decodeBlocksRecord, inputs: [[[3, 64], format, Array.from({ length: 192 }, (_, i) => Math.cos(i))]] },
  ]),
]

describe.skipIf(!backend)('ops by their portable kernel on webgpu equal their reference', () => {
  it.each(CASES.map((c, i) => [`${c.record.name} (${i})`, c] as const))(
    '%s',
    async (_name, { record, attributes, inputs }) => {
      if (!backend) return
      const hostBytes = (dtype: DType, values: Float64Array) =>
        isBlock(dtype) ? dtype.encode(Float32Array.from(values)) : bytesOf(dtype, values)
      const hostValues = (dtype: DType, bytes: Uint8Array, size: number) => {
        if (!isBlock(dtype)) return valuesOf(dtype, bytes)
        const decoded = new Float32Array(size)
        dtype.decode(bytes, decoded)
        return Float64Array.from(decoded)
      }
      const operands = inputs.map(([shape, dtype, values]) => {
        const given = Float64Array.from(values ?? integers(sizeOf(shape), 7))
        const bytes = hostBytes(dtype, given)
        return { shape, dtype, bytes, values: hostValues(dtype, bytes, given.length) }
      })
      const outputs = record.infer(operands, attributes)
      const slots = operands.map(({ dtype, shape }) => slot(dtype, sizeOf(shape)))
      const outputSlots = outputs.map(({ dtype, shape }, j) => {
        const updated = record.updates?.[j]
        return updated ?? slots.push(slot(dtype, sizeOf(shape))) - 1
      })
      const launch: OpLaunch = {
        kind: 'op',
        label: record.name,
        record,
        attributes,
        inputs: operands.map(({ dtype, shape }, i) => operand(i, dtype, shape)),
        outputs: outputs.map(({ dtype, shape }, j) => operand(outputSlots[j] as number, dtype, shape)),
      }
      const after = await runProgram(
        backend,
        program(slots, [launch]),
        operands.map(({ bytes }) => bytes),
      )
      const expected = record.reference(operands, attributes, outputs)
      outputs.forEach(({ dtype, shape }, j) => {
        const got = hostValues(dtype, after[outputSlots[j] as number] as Uint8Array, sizeOf(shape))
        expect([...got]).toEqual([...(expected[j] as Float64Array)])
      })
    },
  )
})
