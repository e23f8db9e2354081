// biome-ignore-all lint/performance/noDynamicNamespaceImportAccess: tables of operations by name
import { describe, expect, test } from 'vitest'
import type { ComputeType, ScalarDType } from '../../src/dtype.js'
import * as v from '../../src/kernel/expressions.js'
import type { BinaryOp, CompareOp, Value } from '../../src/kernel/value.js'
import { buildKernel, bytesOf, RELAXED, runKernel, WASM } from './run-kernel.js'

const DTYPE: { readonly [T in ComputeType]: ScalarDType } = {
  f32: 'float32',
  i32: 'int32',
  u32: 'uint32',
  bool: 'bool',
}
type NumberArray = Float32Array | Int32Array | Uint32Array | Uint8Array
interface ArrayType {
  new (buffer: ArrayBufferLike): NumberArray
  from(values: Iterable<number>): NumberArray
}
const ARRAY: { readonly [T in ComputeType]: ArrayType } = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint8Array,
}

const EDGES: { readonly [T in ComputeType]: readonly number[] } = {
  f32: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.7,
    -3.7,
    1e-45,
    -1e-45,
    1.1754944e-38,
    1e30,
    -1e30,
    3.4028235e38,
    -3.4028235e38,
    Infinity,
    -Infinity,
    Number.NaN,
    8388609.5,
    2147483648,
    -2147483648,
    4294967296,
  ],
  i32: [0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, 100, -100, 65536, 0x7fffffff, -0x80000000, -0x7fffffff],
  u32: [0, 1, 2, 3, 7, 31, 32, 33, 100, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
  bool: [0, 1],
}

/** Every pair of edge values, filled up to whole vectors. */
function pairs(type: ComputeType): [number[], number[]] {
  const edges = EDGES[type]
  const a = edges.flatMap((x) => edges.map(() => x))
  const b = edges.flatMap(() => edges)
  while (a.length % 4) {
    a.push(edges[1] as number)
    b.push(edges[1] as number)
  }
  return [a, b]
}

/** out = op(a, b) for scalars, then for vectors; both must equal the reference. */
function check(
  input: ComputeType,
  output: ComputeType,
  op: (a: Value, b: Value) => Value,
  reference: (a: number, b: number) => number,
  relaxedSimd = false,
): void {
  const [a, b] = pairs(input)
  const Input = ARRAY[input]
  const Output = ARRAY[output]
  const x = Input.from(a)
  const y = Input.from(b)
  const expected = Output.from(Array.from(x, (value, i) => reference(value, y[i] as number)))
  for (const lanes of [1, 4]) {
    const code = buildKernel('op', WASM, (k) => {
      const inputs = [k.buffer('a', DTYPE[input], 'read'), k.buffer('b', DTYPE[input], 'read')] as const
      const out = k.buffer('out', DTYPE[output], 'write')
      const n = k.param('n')
      k.for(
        0,
        n,
        (i) => {
          const [p, q] = inputs.map((buffer) => v.load(buffer, i, lanes)) as [Value, Value]
          k.store(out, i, op(p, q))
        },
        lanes,
      )
    })
    const result = bytesOf(DTYPE[output], a.length)
    runKernel(code, [new Uint8Array(x.buffer), new Uint8Array(y.buffer), result], [a.length], { relaxedSimd })
    const got = new Output(result.buffer)
    for (const [i, value] of expected.entries()) {
      const same = Object.is(got[i], value)
      if (!same) expect.fail(`lanes ${lanes}: op(${a[i]}, ${b[i]}) expected ${value}, got ${got[i]}`)
    }
  }
}

const fround = Math.fround
const SHIFT = (y: number) => y & 31
const floatMin = (x: number, y: number) => Math.min(x, y)
const floatMax = (x: number, y: number) => Math.max(x, y)
const INT_ADD = (x: number, y: number) => (x + y) | 0

const REFERENCE: { readonly [O in BinaryOp]: { readonly [T in ComputeType]?: (x: number, y: number) => number } } = {
  add: { f32: (x, y) => x + y, i32: INT_ADD, u32: (x, y) => INT_ADD(x, y) >>> 0 },
  sub: { f32: (x, y) => x - y, i32: (x, y) => (x - y) | 0, u32: (x, y) => (x - y) >>> 0 },
  mul: { f32: (x, y) => x * y, i32: Math.imul, u32: (x, y) => Math.imul(x, y) >>> 0 },
  div: {
    f32: (x, y) => x / y,
    i32: (x, y) => (y === 0 ? 0 : Math.trunc(x / y) | 0),
    u32: (x, y) => (y === 0 ? 0 : Math.trunc(x / y)),
  },
  rem: { i32: (x, y) => (y === 0 ? 0 : (x % y) | 0), u32: (x, y) => (y === 0 ? 0 : x % y) },
  min: { f32: floatMin, i32: Math.min, u32: Math.min },
  max: { f32: floatMax, i32: Math.max, u32: Math.max },
  and: { i32: (x, y) => x & y, u32: (x, y) => (x & y) >>> 0, bool: (x, y) => x & y },
  or: { i32: (x, y) => x | y, u32: (x, y) => (x | y) >>> 0, bool: (x, y) => x | y },
  xor: { i32: (x, y) => x ^ y, u32: (x, y) => (x ^ y) >>> 0, bool: (x, y) => x ^ y },
  shl: { i32: (x, y) => x << SHIFT(y), u32: (x, y) => (x << SHIFT(y)) >>> 0 },
  shr: { i32: (x, y) => x >> SHIFT(y), u32: (x, y) => x >>> SHIFT(y) },
}

describe.each(Object.entries(REFERENCE))('%s', (op, byType) => {
  const make = v[op as 'add']
  test.each(Object.entries(byType))('%s: scalars and vectors equal JavaScript on edge values', (type, reference) => {
    check(type as ComputeType, type as ComputeType, make, reference)
  })
})

test('shifts of a vector by one count for all lanes', () => {
  for (const count of [0, 1, 31, 32, 35]) {
    check(
      'i32',
      'i32',
      (a) => v.shl(a, count),
      (x) => x << (count & 31),
    )
    check(
      'i32',
      'i32',
      (a) => v.shr(a, count),
      (x) => x >> (count & 31),
    )
    check(
      'u32',
      'u32',
      (a) => v.shr(a, count),
      (x) => x >>> (count & 31),
    )
  }
})

test('division by constants, by 0 and -1 too', () => {
  for (const divisor of [1, 2, 3, -3, 7, 1024, -1, 0, -0x80000000]) {
    check(
      'i32',
      'i32',
      (a) => v.div(a, divisor),
      (x) => REFERENCE.div.i32?.(x, divisor) as number,
    )
    check(
      'i32',
      'i32',
      (a) => v.rem(a, divisor),
      (x) => REFERENCE.rem.i32?.(x, divisor) as number,
    )
  }
})

const COMPARISONS: { readonly [O in CompareOp]: (x: number, y: number) => boolean } = {
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
}

describe.each(Object.entries(COMPARISONS))('%s', (op, reference) => {
  const make = v[op as 'lt']
  test.each(['f32', 'i32', 'u32'] as const)('%s', (type) => {
    check(type, 'bool', make, (x, y) => Number(reference(x, y)))
    check(
      type,
      type,
      (a, b) => v.select(make(a, b), a, b),
      (x, y) => (reference(x, y) ? x : y),
    )
  })
})

test('bool: equality, selection, and negation', () => {
  check('bool', 'bool', v.eq, (x, y) => Number(x === y))
  check('bool', 'bool', v.ne, (x, y) => Number(x !== y))
  check(
    'bool',
    'bool',
    (a) => v.not(a),
    (x) => 1 - x,
  )
  check(
    'bool',
    'bool',
    (a, b) => v.select(a, b, v.not(b)),
    (x, y) => (x ? y : 1 - y),
  )
  check(
    'bool',
    'bool',
    (a) => v.xor(a, v.bool(true)),
    (x) => 1 - x,
  )
})

test('roundings, sign and root of f32', () => {
  const roundEven = (x: number): number => {
    const floor = Math.floor(x)
    const rest = x - floor
    if (rest !== 0.5) return Object.is(Math.round(x), -0) || (x < 0 && Math.round(x) === 0) ? -0 : Math.round(x)
    return floor % 2 === 0 ? (floor === 0 && x < 0 ? -0 : floor) : floor + 1 === 0 ? -0 : floor + 1
  }
  const unary = (make: (a: Value) => Value, reference: (x: number) => number) =>
    check('f32', 'f32', (a) => make(a), reference)
  unary(v.neg, (x) => -x)
  unary(v.abs, Math.abs)
  unary(v.sqrt, Math.sqrt)
  unary(v.floor, Math.floor)
  unary(v.ceil, Math.ceil)
  unary(v.trunc, Math.trunc)
  unary(v.roundEven, roundEven)
})

test('sign and bits of integers', () => {
  check(
    'i32',
    'i32',
    (a) => v.neg(a),
    (x) => -x | 0,
  )
  check(
    'u32',
    'u32',
    (a) => v.neg(a),
    (x) => -x >>> 0,
  )
  check(
    'i32',
    'i32',
    (a) => v.abs(a),
    (x) => Math.abs(x) | 0,
  )
  check(
    'u32',
    'u32',
    (a) => v.abs(a),
    (x) => x,
  )
  check(
    'i32',
    'i32',
    (a) => v.bitNot(a),
    (x) => ~x,
  )
  check(
    'u32',
    'u32',
    (a) => v.bitNot(a),
    (x) => ~x >>> 0,
  )
})

describe('convert', () => {
  const clamp = (x: number, low: number, high: number) =>
    Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(x, low), high)) + 0
  const cases: [ComputeType, ComputeType, (x: number) => number][] = [
    ['f32', 'i32', (x) => clamp(x, -0x80000000, 0x7fffffff)],
    ['f32', 'u32', (x) => clamp(x, 0, 0xffffffff)],
    ['f32', 'bool', (x) => Number(x !== 0)],
    ['i32', 'f32', fround],
    ['i32', 'u32', (x) => x >>> 0],
    ['i32', 'bool', (x) => Number(x !== 0)],
    ['u32', 'f32', fround],
    ['u32', 'i32', (x) => x | 0],
    ['u32', 'bool', (x) => Number(x !== 0)],
    ['bool', 'f32', (x) => x],
    ['bool', 'i32', (x) => x],
    ['bool', 'u32', (x) => x],
  ]
  test.each(cases)('%s to %s', (from, to, reference) => {
    check(from, to, (a) => v.convert(a, to), reference)
  })
})

test('bitcast keeps the bits', () => {
  const float = new Float32Array(1)
  const bits = new Int32Array(float.buffer)
  check(
    'f32',
    'i32',
    (a) => v.bitcast(a, 'i32'),
    (x) => {
      float[0] = x
      return bits[0] as number
    },
  )
  check(
    'i32',
    'f32',
    (a) => v.bitcast(a, 'f32'),
    (x) => {
      bits[0] = x
      return float[0] as number
    },
  )
})

test('fma without relaxed SIMD rounds twice, with it scalars and vectors agree', () => {
  check(
    'f32',
    'f32',
    (a, b) => v.fma(a, b, a),
    (x, y) => fround(fround(x * y) + x),
  )
  if (!RELAXED) return console.log('skipped: this engine has no relaxed SIMD')
  const x = Float32Array.from({ length: 64 }, (_, i) => Math.fround(Math.sin(i) * 3))
  const run = (lanes: number): Float32Array => {
    const code = buildKernel('fma', WASM, (k) => {
      const a = k.buffer('a', 'float32', 'read')
      const out = k.buffer('out', 'float32', 'write')
      k.for(
        0,
        64,
        (i) => k.store(out, i, v.fma(v.load(a, i, lanes), v.load(a, i, lanes), v.splat(v.f32(-1 / 3), lanes))),
        lanes,
      )
    })
    const out = bytesOf('float32', 64)
    runKernel(code, [new Uint8Array(x.buffer.slice(0)), out], [], { relaxedSimd: true })
    return new Float32Array(out.buffer)
  }
  expect(run(1)).toEqual(run(4))
  // One rounding here or two, as the machine does it: never further off.
  for (const [i, value] of run(4).entries()) {
    expect(Math.abs(value - ((x[i] as number) ** 2 - fround(1 / 3)))).toBeLessThan(1e-6)
  }
})

describe('lanes', () => {
  const lanes = Float32Array.of(1, 2.5, -4, 8)
  const over = (make: (x: Value) => Value): number[] => {
    const code = buildKernel('lanes', WASM, (k) => {
      const x = k.buffer('x', 'float32', 'read')
      const out = k.buffer('out', 'float32', 'write')
      k.store(out, 0, make(k.let(k.loadVector(x, 0))))
    })
    const out = bytesOf('float32', 4)
    runKernel(code, [new Uint8Array(lanes.buffer), out])
    return [...new Float32Array(out.buffer)]
  }
  test('extract and splat', () => {
    for (const lane of [0, 1, 2, 3]) {
      expect(over((x) => v.extract(x, lane))[0]).toBe(lanes[lane])
      expect(over((x) => v.splat(v.extract(x, lane), 4))).toEqual(new Array(4).fill(lanes[lane]))
    }
    expect(over((x) => v.convert(v.extract(v.lt(x, 0), 2), 'f32'))[0]).toBe(1)
    expect(over((x) => v.convert(v.splat(v.lt(v.extract(x, 2), 0), 4), 'f32'))).toEqual([1, 1, 1, 1])
    expect(over((x) => v.convert(v.splat(v.bool(true), x.lanes), 'f32'))).toEqual([1, 1, 1, 1])
  })
  test('reduceLanes', () => {
    expect(over((x) => v.reduceLanes('add', x))[0]).toBe(7.5)
    expect(over((x) => v.reduceLanes('max', x))[0]).toBe(8)
    expect(over((x) => v.reduceLanes('min', x))[0]).toBe(-4)
    expect(over((x) => v.convert(v.reduceLanes('add', v.convert(x, 'i32')), 'f32'))[0]).toBe(7)
    expect(over((x) => v.convert(v.reduceLanes('min', v.convert(x, 'u32')), 'f32'))[0]).toBe(0)
  })
  test('shuffle', () => {
    expect(over((x) => v.shuffle(x, v.neg(x), [3, 0, 4, 7]))).toEqual([8, 1, -1, -8])
  })
})

test.each(['add', 'min', 'shl', 'div'] as const)('%s refuses operands of two types', (op) => {
  expect(() => v[op](v.f32(1), v.i32(1))).toThrow(`${op}: expected operands of one type, got f32 and i32.`)
})
