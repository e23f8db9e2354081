import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { WGSL_MATH_ERROR } from '../../src/backends/webgpu/wgsl-helpers.js'
import type { ComputeType, ScalarDType } from '../../src/dtype.js'
import { float16BitsToFloat32, float32ToBfloat16Bits, float32ToFloat16Bits } from '../../src/float-bits.js'
import * as v from '../../src/kernel/expressions.js'
import type { Value } from '../../src/kernel/value.js'
import { erfReference } from '../../src/ops/erf-reference.js'
import { apply, input, operand, program, slot } from './programs.js'
import { type Bytes, floats, ints, runProgram, shorts } from './run-program.js'

const gpu = await swiftShaderGpu()
const backend = gpu ? await webgpu({ gpu }) : null
afterAll(() => backend?.close())

const INFINITY = Number.POSITIVE_INFINITY
const NAN = Number.NaN

/** Applies an expression of the kernel language elementwise and returns the output's bytes. */
async function map(
  from: readonly [ScalarDType, Bytes][],
  to: ScalarDType,
  outputBytes: Bytes,
  kernel: (...values: Value[]) => Value,
): Promise<Uint8Array | undefined> {
  if (!backend) throw new Error('no backend')
  const bytes = { float32: 4, int32: 4, uint32: 4, float16: 2, bfloat16: 2, int8: 1, uint8: 1, bool: 1 }
  const n = outputBytes.byteLength / bytes[to]
  const args = from.map(([dtype], i) => input(i, dtype))
  const launch = {
    kind: 'map' as const,
    label: 'map',
    shape: [n],
    inputs: from.map(([dtype], i) => operand(i, dtype, [n])),
    outputs: [operand(from.length, to, [n])],
    expressions: [apply(to, args, kernel)],
  }
  const slots = [...from.map(([dtype]) => slot(dtype, n)), slot(to, n)]
  const results = await runProgram(backend, program(slots, [launch]), [...from.map(([, data]) => data), outputBytes])
  return results.at(-1)
}

const range = (from: number, to: number, n = 2001): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1))

async function unary(x: Float32Array, kernel: (x: Value) => Value): Promise<Float32Array> {
  return floats(await map([['float32', x]], 'float32', new Float32Array(x.length), kernel))
}

describe.skipIf(!backend)('the kernel language in WGSL', () => {
  // The error is relative to max(|exact|, floor): below the floor the argument's own rounding is larger than the result.
  it.each([
    ['exp', v.exp, Math.exp, range(-80, 80), 0],
    ['log', v.log, Math.log, range(1e-6, 20), 0],
    ['log of large and subnormal numbers', v.log, Math.log, Float32Array.of(1e30, 3e38, 1e-38, 1e-40, 1e-45), 0],
    ['sin', v.sin, Math.sin, range(-30, 30), 1e-3],
    ['cos', v.cos, Math.cos, range(-30, 30), 1e-3],
    ['sin of large angles', v.sin, Math.sin, range(-2000, 2000), 1],
    ['tanh', v.tanh, Math.tanh, range(-9, 9), 0],
    ['erf', v.erf, erfReference, range(-5, 5), 0],
    ['sqrt', v.sqrt, Math.sqrt, range(0, 100), 0],
  ] as const)('%s is within its error bound', async (_name, kernel, exact, x, floor) => {
    const y = await unary(x, kernel)
    let worst = 0
    y.forEach((value, i) => {
      const expected = exact(x[i] as number)
      if (expected !== 0) worst = Math.max(worst, Math.abs(value - expected) / Math.max(Math.abs(expected), floor))
      else expect(Math.abs(value)).toBe(0)
    })
    expect(worst).toBeLessThan(WGSL_MATH_ERROR)
  })

  it.each([
    ['exp', v.exp, [INFINITY, 0, NAN, 1, INFINITY, 0]],
    ['log', v.log, [INFINITY, NAN, NAN, -INFINITY, Math.fround(Math.log(200)), NAN]],
    ['tanh', v.tanh, [1, -1, NAN, 0, 1, -1]],
    ['erf', v.erf, [1, -1, NAN, 0, 1, -1]],
    ['x != x', (x: Value) => v.convert(v.ne(x, x), 'f32'), [0, 0, 1, 0, 0, 0]],
    ['x != 200', (x: Value) => v.convert(v.ne(x, 200), 'f32'), [1, 1, 1, 1, 0, 1]],
    ['x < 200', (x: Value) => v.convert(v.lt(x, 200), 'f32'), [0, 1, 0, 1, 0, 1]],
    ['max(x, 0)', (x: Value) => v.max(x, 0), [INFINITY, 0, NAN, 0, 200, 0]],
    ['min(0, x)', (x: Value) => v.min(0, x), [0, -INFINITY, NAN, 0, 0, -200]],
    ['x to bool', (x: Value) => v.convert(v.convert(x, 'bool'), 'f32'), [1, 1, 1, 0, 1, 1]],
    [
      'a constant infinity',
      (x: Value) => v.select(v.gt(x, 0), v.f32(-INFINITY), x),
      [-INFINITY, -INFINITY, NAN, 0, -INFINITY, -200],
    ],
    [
      'constants alone',
      (x: Value) => v.add(x, v.div(v.f32(1), v.f32(0))),
      [INFINITY, NAN, NAN, INFINITY, INFINITY, INFINITY],
    ],
  ] as [string, (x: Value) => Value, number[]][])(
    '%s of inf, -inf, NaN, 0, 200, -200',
    async (_name, kernel, expected) => {
      const y = await unary(Float32Array.of(INFINITY, -INFINITY, NAN, 0, 200, -200), kernel)
      expect([...y].map((value) => value + 0)).toEqual(expected)
    },
  )

  it('roundEven, floor, ceil and trunc', async () => {
    const x = Float32Array.of(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4, -2.6)
    const of = async (kernel: (x: Value) => Value) => [...(await unary(x, kernel))].map((value) => value + 0)
    expect(await of(v.roundEven)).toEqual([-2, -2, 0, 0, 2, 2, 2, -3])
    expect(await of(v.floor)).toEqual([-3, -2, -1, 0, 1, 2, 2, -3])
    expect(await of(v.ceil)).toEqual([-2, -1, 0, 1, 2, 3, 3, -2])
    expect(await of(v.trunc)).toEqual([-2, -1, 0, 0, 1, 2, 2, -2])
  })

  it('float to integer truncates and saturates, NaN gives 0', async () => {
    const x = Float32Array.of(1.9, -1.9, 3e9, -3e9, 5e9, NAN, INFINITY, -INFINITY)
    const n = new Int32Array(x.length)
    expect([...ints(await map([['float32', x]], 'int32', n, (a) => v.convert(a, 'i32')))]).toEqual([
      1, -1, 2147483647, -2147483648, 2147483647, 0, 2147483647, -2147483648,
    ])
    const u = ints(await map([['float32', x]], 'uint32', n, (a) => v.convert(a, 'u32')))
    expect([...new Uint32Array(u.buffer)]).toEqual([1, 0, 3000000000, 0, 4294967295, 0, 4294967295, 0])
  })

  it('integer division by zero is 0, and the least integer divides by -1', async () => {
    const a = Int32Array.of(7, -7, 7, -7, 5, -2147483648, -2147483648)
    const b = Int32Array.of(2, 2, -2, -2, 0, -1, 0)
    const of = async (kernel: (a: Value, b: Value) => Value) => [
      ...ints(
        await map(
          [
            ['int32', a],
            ['int32', b],
          ],
          'int32',
          new Int32Array(a.length),
          kernel,
        ),
      ),
    ]
    expect(await of(v.div)).toEqual([3, -3, -3, 3, 0, -2147483648, 0])
    expect(await of(v.rem)).toEqual([1, -1, 1, -1, 0, 0, 0])
  })

  it('bitwise operations and shifts take the count modulo 32', async () => {
    const a = Int32Array.of(-1, 12, -2147483648, 5)
    const b = Int32Array.of(1, 33, 31, -1)
    const of = async (kernel: (a: Value, b: Value) => Value) => [
      ...ints(
        await map(
          [
            ['int32', a],
            ['int32', b],
          ],
          'int32',
          new Int32Array(a.length),
          kernel,
        ),
      ),
    ]
    expect(await of(v.and)).toEqual([...a].map((x, i) => x & (b[i] as number)))
    expect(await of(v.or)).toEqual([...a].map((x, i) => x | (b[i] as number)))
    expect(await of(v.xor)).toEqual([...a].map((x, i) => x ^ (b[i] as number)))
    expect(await of(v.shl)).toEqual([...a].map((x, i) => x << (b[i] as number)))
    expect(await of(v.shr)).toEqual([...a].map((x, i) => x >> (b[i] as number)))
    expect(await of((x, y) => v.bitNot(v.neg(v.add(v.abs(x), y))))).toEqual(
      [...a].map((x, i) => ~-((Math.abs(x) + (b[i] as number)) | 0)),
    )
    const logical = (x: Value, y: Value) => v.bitcast(v.shr(v.bitcast(x, 'u32'), v.bitcast(y, 'u32')), 'i32')
    expect(await of(logical)).toEqual([...a].map((x, i) => (x >>> (b[i] as number)) | 0))
  })

  it('a shared subexpression is computed once, and deep trees are cut', async () => {
    // 2^64 terms if it were written out.
    const doubled = (x: Value) => {
      let y = x
      for (let i = 0; i < 64; i++) y = v.mul(v.add(y, y), 0.5)
      return y
    }
    expect([...(await unary(Float32Array.of(3, -4), doubled))]).toEqual([3, -4])
    const deep = (x: Value) => {
      let y = x
      for (let i = 0; i < 300; i++) y = v.add(y, 1)
      return y
    }
    expect([...(await unary(Float32Array.of(3, -4), deep))]).toEqual([303, 296])
  })

  it('widens every float16 and narrows it back to the same bits', async () => {
    const bits = Uint16Array.from({ length: 65_536 }, (_, i) => i)
    const wide = floats(await map([['float16', bits]], 'float32', new Float32Array(bits.length), (x) => x))
    const expected = float16BitsToFloat32(bits)
    expect(wide.every((value, i) => Object.is(value, expected[i]))).toBe(true)
    const back = shorts(await map([['float32', expected]], 'float16', new Uint16Array(bits.length), (x) => x))
    const again = float32ToFloat16Bits(expected)
    expect(back.findIndex((value, i) => value !== again[i] && !Number.isNaN(expected[i]))).toBe(-1)
    // Any NaN will do for a NaN.
    expect(back.every((value, i) => !Number.isNaN(expected[i]) || (value & 0x7fff) > 0x7c00)).toBe(true)
  })

  it('narrows to float16 and bfloat16 by rounding to nearest even', async () => {
    let state = 1
    const random = () => {
      state = Math.imul(state, 1664525) + 1013904223
      return state
    }
    const x = new Float32Array(Int32Array.from({ length: 40_000 }, random).buffer).map((value) =>
      Number.isNaN(value) ? 1 : value,
    )
    // Magnitudes of float16, its ties among them.
    for (let i = 0; i < 20_000; i++) x[i] = (random() / 2 ** 31) * 2 ** (random() % 20) * (i % 3 === 0 ? 1 : 0.01)
    for (let i = 0; i < 2048; i++) x[i] = (2 * i + 1) / 2 ** 25
    for (let i = 2048; i < 4096; i++) x[i] = (2 * i + 1) / 2
    x.set([65519, 65520, 65536, -65520, 2 ** -25, 3 * 2 ** -26, INFINITY, -INFINITY, -0], 4096)
    const f16 = shorts(await map([['float32', x]], 'float16', new Uint16Array(x.length), (a) => a))
    expect(f16.findIndex((bits, i) => bits !== float32ToFloat16Bits(x.subarray(i, i + 1))[0])).toBe(-1)
    const bf16 = shorts(await map([['float32', x]], 'bfloat16', new Uint16Array(x.length), (a) => a))
    expect(bf16.findIndex((bits, i) => bits !== float32ToBfloat16Bits(x.subarray(i, i + 1))[0])).toBe(-1)
  })

  it.each([
    ['int8', 'i32', Int8Array.from({ length: 1003 }, (_, i) => i - 128)],
    ['uint8', 'u32', Uint8Array.from({ length: 1003 }, (_, i) => i)],
  ] as [ScalarDType, ComputeType, Int8Array | Uint8Array][])(
    '%s elements are read and written one by one',
    async (dtype, type, x) => {
      const y = await map([[dtype, x]], dtype, new Uint8Array(x.length), (a) => v.add(a, v.constant(type, 1)))
      const expected = x.map((value) => value + 1)
      expect([...(y as Uint8Array)]).toEqual([...new Uint8Array(expected.buffer)])
    },
  )

  it('bool is one byte an element', async () => {
    const x = Uint8Array.of(0, 1, 1, 0, 1, 0, 0)
    expect([...((await map([['bool', x]], 'bool', new Uint8Array(7), (a) => v.not(a))) as Uint8Array)]).toEqual([
      1, 0, 0, 1, 0, 1, 1,
    ])
    const as = await map([['bool', x]], 'float32', new Float32Array(7), (a) => v.convert(a, 'f32'))
    expect([...floats(as)]).toEqual([...x])
  })
})
