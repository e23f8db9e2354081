import { afterAll, describe, expect, it } from 'vitest'
import {
  arange,
  argmax,
  argmin,
  argsort,
  bincount,
  bitAnd,
  bitcast,
  bitNot,
  bitOr,
  bitXor,
  cpuDevice,
  div,
  eq,
  foldIn,
  full,
  ge,
  gt,
  iota,
  key,
  le,
  logicalNot,
  lt,
  mod,
  type NestedNumbers,
  ne,
  q8_0,
  randomBits,
  realize,
  type ScalarDType,
  setDefaultDevice,
  shiftLeft,
  shiftRight,
  splitKey,
  stopGradient,
  type Tensor,
  tensor,
  topK,
} from '../../src/index.js'
import { type OpName, opTable } from '../../src/ops/op-table.js'
import { threefry2x32, threefryBits } from '../../src/random/threefry.js'

const device = cpuDevice()
const before = setDefaultDevice(device)
afterAll(async () => {
  setDefaultDevice(before)
  await device.close()
})

const ints = (...values: number[]) => tensor(values, { dtype: 'int32' })
const typed = (dtype: ScalarDType, ...values: number[]) => tensor(values, { dtype })
const bools = (...values: boolean[]) => tensor(values)

interface ValueCase {
  readonly of: string
  readonly run: () => Tensor
  readonly expected: NestedNumbers
  readonly dtype: ScalarDType
}

const value = (of: string, run: () => Tensor, dtype: ScalarDType, expected: NestedNumbers): ValueCase => ({
  of,
  run,
  dtype,
  expected,
})

const x = tensor([
  [3, 1, 3],
  [0, -2, -2],
])

/** What ops without a gradient give, worked out by hand. */
const cases: { readonly [N in OpName]?: readonly ValueCase[] } = {
  argmax: [
    value('argmax', () => argmax(x), 'int32', [0, 0]),
    value('argmax over axis 0, kept', () => argmax(x, 0, true), 'int32', [[0, 0, 0]]),
    value('argmin', () => argmin(x), 'int32', [1, 1]),
    value('argmin of uint32 with 0', () => argmin(typed('uint32', 3, 0, 4294967295)), 'int32', 1),
  ],
  argsort: [
    value('argsort', () => argsort(x), 'int32', [
      [1, 0, 2],
      [1, 2, 0],
    ]),
    value('argsort, falling', () => argsort(x, { descending: true }), 'int32', [
      [0, 2, 1],
      [0, 1, 2],
    ]),
    value('argsort over axis 0', () => argsort(x, { axis: 0 }), 'int32', [
      [1, 1, 1],
      [0, 0, 0],
    ]),
    value('indices of topK', () => topK(x, 2).indices, 'int32', [
      [0, 2],
      [0, 1],
    ]),
  ],
  bitAnd: [
    value('bitAnd', () => bitAnd(ints(12, -1), ints(10, 7)), 'int32', [8, 7]),
    value('bitAnd of bools', () => bitAnd(bools(true, true), bools(true, false)), 'bool', [true, false]),
  ],
  bitOr: [value('bitOr', () => bitOr(typed('uint32', 12, 2147483648), 3), 'uint32', [15, 2147483651])],
  bitXor: [value('bitXor', () => bitXor(ints(12, -1), ints(10, 7)), 'int32', [6, -8])],
  bitNot: [
    value('bitNot', () => bitNot(ints(0, 5)), 'int32', [-1, -6]),
    value('bitNot of uint8', () => bitNot(typed('uint8', 0, 5)), 'uint8', [255, 250]),
  ],
  bitcast: [
    value('bitcast', () => bitcast(tensor([1, -2]), 'uint32'), 'uint32', [0x3f800000, 0xc0000000]),
    value('bitcast back', () => bitcast(ints(0x40490fdb), 'float32'), 'float32', [Math.fround(Math.PI)]),
  ],
  eq: [
    value('eq', () => eq(tensor([1, Number.NaN, 0]), tensor([1, Number.NaN, -0])), 'bool', [true, false, true]),
    value('ne', () => ne(tensor([1, Number.NaN]), tensor([1, Number.NaN])), 'bool', [false, true]),
  ],
  lt: [
    value('lt', () => lt(ints(1, 2, 3), 2), 'bool', [true, false, false]),
    value('gt', () => gt(ints(1, 2, 3), 2), 'bool', [false, false, true]),
  ],
  le: [
    value('le', () => le(ints(1, 2, 3), 2), 'bool', [true, true, false]),
    value('ge', () => ge(ints(1, 2, 3), 2), 'bool', [false, true, true]),
    value('le of bools', () => le(bools(false, true), bools(true, false)), 'bool', [true, false]),
  ],
  logicalNot: [value('logicalNot', () => logicalNot(bools(true, false)), 'bool', [false, true])],
  shiftLeft: [value('shiftLeft', () => shiftLeft(ints(3, -1, 1), ints(4, 1, 31)), 'int32', [48, -2, -2147483648])],
  shiftRight: [
    value('shiftRight keeps the sign of int32', () => shiftRight(ints(48, -8), 2), 'int32', [12, -2]),
    value(
      'shiftRight of uint32 brings zeros',
      () => shiftRight(typed('uint32', 4294967288), 2),
      'uint32',
      [1073741822],
    ),
  ],
  randomBits: [
    value(
      'randomBits',
      () => randomBits(key(42), [3]),
      'uint32',
      [0, 1, 2].map((i) => threefryBits(0, 42, i)),
    ),
    value('splitKey', () => splitKey(key(42))[1] as Tensor, 'uint32', threefry2x32(0, 42, 1, 1)),
    value('foldIn', () => foldIn(key(42), 7), 'uint32', threefry2x32(0, 42, 2, 7)),
    value('a seed above 2^32', () => key(2 ** 32 + 5), 'uint32', [1, 5]),
  ],
  full: [
    value('full', () => full([2, 2], 7, 'int8'), 'int8', [
      [7, 7],
      [7, 7],
    ]),
  ],
  iota: [
    value('iota', () => iota([2, 3], 1), 'int32', [
      [0, 1, 2],
      [0, 1, 2],
    ]),
    value('arange', () => arange(5, -2, -3), 'int32', [5, 2, -1]),
    value('arange of floats', () => arange(0, 1, 0.25, 'float32'), 'float32', [0, 0.25, 0.5, 0.75]),
  ],
  stopGradient: [value('stopGradient', () => stopGradient(ints(1, 2)), 'int32', [1, 2])],
  encodeBlocks: [
    // The largest element is 127 units of the scale: every whole number up to it is exact.
    value(
      'Q8_0 of whole numbers',
      () =>
        tensor(Float32Array.from({ length: 32 }, (_, i) => i * 4 + 3))
          .cast(q8_0)
          .cast('float32'),
      'float32',
      Array.from({ length: 32 }, (_, i) => i * 4 + 3),
    ),
  ],
  segmentSum: [value('bincount', () => bincount(ints(1, 1, 4, -1), 3), 'int32', [0, 2, 0])],
}

describe('values worked out by hand', () => {
  it.each(Object.values(cases).flat())('$of', async ({ run, dtype, expected }) => {
    const y = run()
    expect(y.dtype).toBe(dtype)
    expect(await y.toArray()).toEqual(expected)
  })

  it('covers every op without a gradient rule', () => {
    const without = Object.entries(opTable).flatMap(([name, { vjp }]) => (vjp === null ? [name] : []))
    expect(without.filter((name) => !(name in cases))).toEqual([])
  })
})

describe('dtypes of mixed operands', () => {
  const one = (dtype: ScalarDType) => typed(dtype, 1)
  const meetings: readonly (readonly [ScalarDType, ScalarDType, ScalarDType])[] = [
    ['bool', 'int8', 'int8'],
    ['int8', 'uint8', 'int32'],
    ['int8', 'int32', 'int32'],
    ['uint8', 'uint32', 'uint32'],
    ['int32', 'float16', 'float16'],
    ['float16', 'bfloat16', 'float32'],
    ['bfloat16', 'float32', 'float32'],
    ['uint32', 'float32', 'float32'],
  ]
  it.each(meetings)('%s and %s meet in %s', (a, b, common) => {
    expect(one(a).add(one(b)).dtype).toBe(common)
    expect(one(b).add(one(a)).dtype).toBe(common)
  })

  const weak: readonly (readonly [ScalarDType, number, ScalarDType])[] = [
    ['int8', 2, 'int8'],
    ['int8', 0.5, 'float32'],
    ['float16', 0.5, 'float16'],
    ['bool', 2, 'int32'],
    ['uint32', 1.5, 'float32'],
  ]
  it.each(weak)('%s with the number %f gives %s', (dtype, number, expected) => {
    expect(one(dtype).mul(number).dtype).toBe(expected)
  })

  it('divides integers as float32', async () => {
    const y = div(ints(7, 1), ints(2, 4))
    expect(y.dtype).toBe('float32')
    expect(await y.toArray()).toEqual([3.5, 0.25])
  })
})

describe('narrow dtypes', () => {
  it('wrap between two ops, fused or not', async () => {
    const narrow = typed('uint8', 200).add(typed('uint8', 100))
    expect(await narrow.cast('int32').toArray()).toEqual([44])
    expect(await ints(300).cast('int8').cast('int32').toArray()).toEqual([44])
    expect(
      await tensor([1 / 3])
        .cast('float16')
        .cast('float32')
        .toArray(),
    ).toEqual([0.333251953125])
    expect(
      await tensor([1 / 3])
        .cast('bfloat16')
        .cast('float32')
        .toArray(),
    ).toEqual([0.333984375])
  })

  it('are rounded where a value is kept as well as used', async () => {
    const half = tensor([0.1]).cast('float16')
    const wide = half.cast('float32')
    await realize(half, wide)
    expect(await wide.toArray()).toEqual([0.0999755859375])
  })

  it('leave the remainder with the sign of the divisor', async () => {
    expect(await mod(ints(7, -7, 7, -7), ints(3, 3, -3, -3)).toArray()).toEqual([1, 2, -2, -1])
  })
})
