import { describe, expect, it } from 'vitest'
import { SCALAR_DTYPES, type ScalarDType } from '../../src/dtype.js'
import type { Expression, Launch, MapLaunch, ReduceLaunch } from '../../src/schedule/program.js'
import { contiguousView } from '../../src/view.js'
import { randomMap, randomReduce, seeded } from './random-launch.js'
import { bytesOf, runReference, valuesOf } from './reference-launch.js'
import { lower, runLaunch } from './run-launch.js'
import { ADD, call, constant, EXP, index, input, MUL, SUB } from './test-records.js'

/** Small integers: sums and products of them are exact in every order, so results must agree to the last bit. */
function smallValues(random: (n: number) => number, size: number, dtype: ScalarDType): Float64Array {
  const [low, count] = dtype === 'bool' ? [0, 2] : dtype === 'uint8' || dtype === 'uint32' ? [0, 4] : [-2, 5]
  return Float64Array.from({ length: size }, () => low + random(count))
}

function slotDTypes(launch: Launch): ScalarDType[] {
  const operands = launch.kind === 'reduce' ? [...launch.inputs, launch.output] : [...launch.inputs, ...launch.outputs]
  return operands.map(({ dtype }) => dtype as ScalarDType)
}

/** Runs a launch naively and through its kernels, with both widths and one to three workers; all must agree exactly. */
function check(launch: Launch, values: Float64Array[], what: string): void {
  const dtypes = slotDTypes(launch)
  const bytes = values.map((of, slot) => bytesOf(dtypes[slot] as ScalarDType, of))
  const expected = values.map((of) => of.slice())
  runReference(launch, expected)
  for (const [lanes, workers] of [
    [4, 1],
    [4, 2],
    [4, 3],
    [1, 2],
  ] as const) {
    const after = runLaunch(launch, bytes, lanes, workers)
    after.forEach((slot, i) => {
      const got = valuesOf(dtypes[i] as ScalarDType, slot)
      const wanted = expected[i] as Float64Array
      // -0 and 0 are one number here.
      const wrong = got.findIndex((x, at) => x !== wanted[at])
      if (wrong < 0) return
      const where = `${what}: slot ${i}, element ${wrong}, ${lanes} lanes, ${workers} workers`
      expect.fail(`${where}: expected ${wanted[wrong]}, got ${got[wrong]}`)
    })
  }
}

const NUMERIC = SCALAR_DTYPES.filter((dtype) => dtype !== 'bool' && dtype !== 'float16' && dtype !== 'bfloat16')

describe('generated map kernels', () => {
  it.each(NUMERIC)('agree with the naive meaning on 60 random launches of %s', (dtype) => {
    for (let seed = 0; seed < 60; seed++) {
      const random = seeded(seed * 7919 + 1)
      const { launch, sizes } = randomMap(random, dtype)
      const values = sizes.map((size) => smallValues(random, size, dtype))
      check(launch, values, `seed ${seed}`)
    }
  })

  it.each(['float16', 'bfloat16', 'bool', 'int8', 'uint8'] as const)('copies and converts %s storage', (dtype) => {
    const random = seeded(5)
    const shape = [7, 37]
    const launch: MapLaunch = {
      kind: 'map',
      label: 'convert',
      shape,
      inputs: [{ slot: 0, dtype, view: { shape, strides: [1, 7], offset: 0 } }],
      expressions: [input(0, dtype)],
      outputs: [{ slot: 1, dtype, view: contiguousView(shape) }],
    }
    check(launch, [smallValues(random, 259, dtype), new Float64Array(259)], dtype)
  })

  it('writes nothing for a shape without elements', () => {
    const launch: MapLaunch = {
      kind: 'map',
      label: 'empty',
      shape: [3, 0],
      inputs: [],
      expressions: [constant(1)],
      outputs: [{ slot: 0, dtype: 'float32', view: contiguousView([3, 0]) }],
    }
    expect(lower(launch)).toEqual([])
  })

  it('evaluates a shared node once, and what is constant along the innermost axis outside its loop', () => {
    let calls = 0
    const counted = {
      ...EXP,
      kernel: (inputs: Parameters<typeof EXP.kernel>[0]) => {
        calls++
        return EXP.kernel(inputs, undefined, 'float32')
      },
    }
    const row = call(counted, [input(0)])
    const launch: MapLaunch = {
      kind: 'map',
      label: 'rows',
      shape: [4, 64],
      inputs: [
        { slot: 0, dtype: 'float32', view: { shape: [4, 64], strides: [1, 0], offset: 0 } },
        { slot: 1, dtype: 'float32', view: contiguousView([4, 64]) },
      ],
      expressions: [call(ADD, [call(MUL, [row, input(1)]), row])],
      outputs: [{ slot: 2, dtype: 'float32', view: contiguousView([4, 64]) }],
    }
    runLaunch(launch, [new Uint8Array(16), new Uint8Array(1024), new Uint8Array(1024)])
    expect(calls).toBe(1)
  })

  it('has one kernel for all sizes and constants, another for another structure', () => {
    const make = (
      shape: number[],
      value: number,
      expression: (e: Expression) => Expression,
      columns = 1,
    ): MapLaunch => ({
      kind: 'map',
      label: 'key',
      shape,
      inputs: [{ slot: 0, dtype: 'float32', view: { shape, strides: [0, columns], offset: 0 } }],
      expressions: [expression(call(ADD, [input(0), constant(value)]))],
      outputs: [{ slot: 1, dtype: 'float32', view: contiguousView(shape) }],
    })
    const key = (launch: MapLaunch): string | undefined => lower(launch)[0]?.key
    const same = (e: Expression): Expression => e
    expect(key(make([4, 5], 1, same))).toBe(key(make([9, 700], -3.5, same)))
    expect(key(make([4, 5], 1, same))).not.toBe(key(make([4, 5], 1, (e) => call(SUB, [e, e]))))
    expect(key(make([4, 5], 1, same))).not.toBe(key(make([4, 5], 1, same, 2)))
    expect(key(make([4, 5], 1, (e) => call(ADD, [e, index(1, 'float32')])))).not.toBe(
      key(make([4, 5], 1, (e) => call(ADD, [e, index(0, 'float32')]))),
    )
  })
})

describe('generated reductions', () => {
  it.each(NUMERIC)('agree with the naive meaning on 60 random launches of %s', (dtype) => {
    for (let seed = 0; seed < 60; seed++) {
      const random = seeded(seed * 104_729 + 3)
      const { launch, sizes } = randomReduce(random, dtype)
      const values = sizes.map((size) => smallValues(random, size, dtype))
      // Cubes of long sums would leave the integers that float32 holds exactly.
      if (dtype === 'float32') for (const of of values) of.set(of.map(Math.sign))
      check(launch, values, `seed ${seed}`)
    }
  })

  const reduce = (
    shape: number[],
    strides: number[],
    reduced: number,
    combine: ReduceLaunch['combine'],
    dtype: ScalarDType = 'float32',
    output: ScalarDType = dtype,
    offset = 0,
  ): ReduceLaunch => ({
    kind: 'reduce',
    label: 'reduce',
    shape,
    reduced,
    combine,
    inputs: [{ slot: 0, dtype, view: { shape, strides, offset } }],
    expression: input(0, dtype),
    output: { slot: 1, dtype: output, view: contiguousView(shape.slice(0, shape.length - reduced)) },
  })

  it.each<[string, number[], number[], number, number?]>([
    ['one long row', [100_003], [1], 1],
    ['three long rows', [3, 40_001], [40_001, 1], 1],
    ['many rows', [129, 1021], [1021, 1], 1],
    ['rows of three', [1000, 3], [3, 1], 1],
    ['long columns', [5, 30_000], [1, 5], 1],
    ['columns', [70, 300], [1, 70], 1],
    ['many long columns', [33, 9000], [1, 33], 1],
    ['a middle axis', [6, 35, 50], [1750, 1, 35], 1],
    ['outer and inner axes', [20, 31, 17], [17, 340, 1], 2],
    ['every second element', [2, 20_000], [40_000, 2], 1],
    ['backwards', [2, 20_000], [20_000, -1], 1, 19_999],
    ['a broadcast row', [4, 1000], [1, 0], 1],
    ['nothing', [4, 0], [0, 1], 1],
  ])('%s: sum, max and min', (what, shape, strides, reduced, offset = 0) => {
    for (const combine of ['sum', 'max', 'min'] as const) {
      for (const dtype of ['float32', 'int32', 'int8'] as const) {
        const launch = reduce([...shape], [...strides], reduced, combine, dtype, dtype, offset)
        const size =
          1 +
          offset +
          shape.reduce((sum, n, axis) => sum + Math.max(0, n - 1) * Math.max(0, strides[axis] as number), 0)
        const values = [
          smallValues(seeded(11), size, dtype),
          new Float64Array(shape.slice(0, -reduced).reduce((a, b) => a * b, 1)),
        ]
        check(launch, values, `${what} ${combine} ${dtype}`)
      }
    }
  })

  it('counts bools in integers', () => {
    const launch = reduce([3, 1000], [1000, 1], 1, 'sum', 'bool', 'int32')
    check(launch, [smallValues(seeded(2), 3000, 'bool'), new Float64Array(3)], 'bool')
    const any = reduce([3, 1000], [1000, 1], 1, 'max', 'bool', 'bool')
    check(any, [new Float64Array(3000).fill(1, 1500, 1501), new Float64Array(3)], 'any')
  })

  it.each([[[1_000_000], [1]] as const, [[1_000_000], [2]] as const])(
    'sums a million elements of shape %j, strides %j to a relative 1e-6',
    (shape, strides) => {
      const random = seeded(4)
      const values = Float32Array.from({ length: 1_000_000 * strides[0] }, () => random(1 << 20) / (1 << 20) + 0.1)
      let exact = 0
      for (let i = 0; i < 1_000_000; i++) exact += values[i * strides[0]] as number
      const launch = reduce([...shape], [...strides], 1, 'sum')
      const [, out] = runLaunch(launch, [new Uint8Array(values.buffer), new Uint8Array(4)])
      const [sum] = valuesOf('float32', out as Uint8Array)
      expect(Math.abs((sum as number) / exact - 1)).toBeLessThan(1e-6)
    },
  )

  it('sums a million rows to a relative 1e-6 a column', () => {
    const random = seeded(9)
    const values = Float32Array.from({ length: 4_000_000 }, () => random(1 << 20) / (1 << 20) + 0.1)
    const launch = reduce([4, 1_000_000], [1, 4], 1, 'sum')
    const [, out] = runLaunch(launch, [new Uint8Array(values.buffer), new Uint8Array(16)])
    const sums = valuesOf('float32', out as Uint8Array)
    for (let column = 0; column < 4; column++) {
      let exact = 0
      for (let i = column; i < values.length; i += 4) exact += values[i] as number
      expect(Math.abs((sums[column] as number) / exact - 1)).toBeLessThan(1e-6)
    }
  })

  it.each(['max', 'min'] as const)('%s propagates NaN, wherever it stands', (combine) => {
    for (const length of [1, 5, 40, 9000, 20_000]) {
      for (const at of [0, length >> 1, length - 1]) {
        const values = new Float32Array(length).fill(1)
        values[at] = Number.NaN
        const [, out] = runLaunch(reduce([length], [1], 1, combine), [new Uint8Array(values.buffer), new Uint8Array(4)])
        expect(valuesOf('float32', out as Uint8Array)[0], `${length} at ${at}`).toBeNaN()
      }
    }
  })

  it('gives the same bits for any number of workers', () => {
    const random = seeded(8)
    const values = new Uint8Array(Float32Array.from({ length: 210_000 }, () => random(1 << 24) / (1 << 20) - 8).buffer)
    for (const launch of [
      reduce([210_000], [1], 1, 'sum'),
      reduce([3, 70_000], [70_000, 1], 1, 'sum'),
      reduce([3, 70_000], [1, 3], 1, 'sum'),
      reduce([300, 700], [1, 300], 1, 'sum'),
    ]) {
      const size = 4 * launch.shape.slice(0, -1).reduce((a, b) => a * b, 1)
      const one = runLaunch(launch, [values, new Uint8Array(size)])[1]
      for (const workers of [2, 3, 5])
        expect(runLaunch(launch, [values, new Uint8Array(size)], 4, workers)[1]).toEqual(one)
    }
  })
})
