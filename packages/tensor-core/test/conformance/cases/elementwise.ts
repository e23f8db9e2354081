import type { OpClass } from '@almanac/test-kit'
import {
  abs,
  add,
  bitAnd,
  bitcast,
  bitNot,
  bitOr,
  bitXor,
  cast,
  copy,
  cos,
  div,
  eq,
  erf,
  exp,
  floor,
  floorDivide,
  ge,
  gt,
  le,
  log,
  logicalNot,
  lt,
  maximum,
  minimum,
  mod,
  mul,
  ne,
  neg,
  pow,
  roundHalfEven,
  rsqrt,
  SCALAR_DTYPES,
  type ScalarDType,
  shiftLeft,
  shiftRight,
  sign,
  sin,
  sqrt,
  sub,
  type Tensor,
  tanh,
  where,
} from '../../../src/index.js'
import {
  type CaseInput,
  type ConformanceCase,
  type ConformanceGroup,
  FLOATS,
  given,
  INTEGERS,
  input,
  row,
  stored,
} from '../conformance-case.js'

interface Unary {
  readonly fn: (x: Tensor) => Tensor
  readonly js: (x: number) => number
  readonly opClass?: OpClass
  readonly over?: Range
}

/** What a function is given: numbers of both signs, of several periods, or above zero. */
type Range = 'any' | 'periods' | 'positive'
const RANGES: Readonly<Record<Range, readonly [low: number, high: number]>> = {
  any: [-9, 9],
  periods: [-20, 20],
  positive: [0.01, 9],
}

const halfEven = (x: number): number => {
  const floor = Math.floor(x)
  if (x - floor !== 0.5) return Math.round(x)
  return floor % 2 === 0 ? floor : floor + 1
}

const unaryFloat: Readonly<Record<string, Unary>> = {
  neg: { fn: neg, js: (x) => -x },
  exp: { fn: exp, js: Math.exp, opClass: 'transcendental' },
  tanh: { fn: tanh, js: Math.tanh, opClass: 'transcendental' },
  floor: { fn: floor, js: Math.floor },
  abs: { fn: abs, js: Math.abs },
  sign: { fn: sign, js: Math.sign },
  roundHalfEven: { fn: roundHalfEven, js: halfEven },
  copy: { fn: copy, js: (x) => x },
  erf: { fn: erf, js: (x) => erfSeries(x), opClass: 'transcendental' },
  sin: { fn: sin, js: Math.sin, opClass: 'transcendental', over: 'periods' },
  cos: { fn: cos, js: Math.cos, opClass: 'transcendental', over: 'periods' },
  log: { fn: log, js: Math.log, opClass: 'transcendental', over: 'positive' },
  sqrt: { fn: sqrt, js: Math.sqrt, over: 'positive' },
  rsqrt: { fn: rsqrt, js: (x) => 1 / Math.sqrt(x), over: 'positive' },
}

/** erf(x) = 2/sqrt(pi) sum (-1)^n x^(2n+1) / (n! (2n+1)), exact enough in doubles up to |x| = 3. */
function erfSeries(x: number): number {
  if (Math.abs(x) > 3) return Math.sign(x) * (1 - erfcFraction(Math.abs(x)))
  let [term, total] = [x, x]
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    total += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * total
}

/** erfc(x) = e^(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / ...))), for x above 3. */
function erfcFraction(x: number): number {
  let tail = x
  for (let n = 60; n >= 1; n--) tail = x + n / 2 / tail
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail
}

const unary = (name: string, { fn, js, opClass = 'elementwise' }: Unary, x: CaseInput): ConformanceCase => ({
  name: `${name} ${x.dtype} [${x.shape}]`,
  opClass,
  inputs: [x],
  run: fn,
  expected: (values) => stored(values.map(js), x.dtype),
})

const unaries = (make: (low: number, high: number) => CaseInput): ConformanceCase[] => {
  const inputs = Object.fromEntries(
    Object.entries(RANGES).map(([range, [low, high]]) => [range, make(low, high)]),
  ) as Record<Range, CaseInput>
  return Object.entries(unaryFloat).map(([name, op]) => unary(name, op, inputs[op.over ?? 'any']))
}

interface Binary {
  readonly fn: (a: Tensor, b: Tensor) => Tensor
  readonly js: (a: number, b: number) => number
  readonly bool?: true
  readonly opClass?: OpClass
}

const comparisons: Readonly<Record<string, Binary>> = {
  lt: { fn: lt, js: (a, b) => Number(a < b), bool: true },
  le: { fn: le, js: (a, b) => Number(a <= b), bool: true },
  gt: { fn: gt, js: (a, b) => Number(a > b), bool: true },
  ge: { fn: ge, js: (a, b) => Number(a >= b), bool: true },
  eq: { fn: eq, js: (a, b) => Number(a === b), bool: true },
  ne: { fn: ne, js: (a, b) => Number(a !== b), bool: true },
}
const arithmetic: Readonly<Record<string, Binary>> = {
  add: { fn: add, js: (a, b) => a + b },
  sub: { fn: sub, js: (a, b) => a - b },
  maximum: { fn: maximum, js: Math.max },
  minimum: { fn: minimum, js: Math.min },
}
const floatArithmetic: Readonly<Record<string, Binary>> = {
  ...arithmetic,
  mul: { fn: mul, js: (a, b) => a * b },
  div: { fn: div, js: (a, b) => a / b },
  floorDivide: { fn: floorDivide, js: (a, b) => Math.floor(a / b) },
}
const floats: Readonly<Record<string, Binary>> = {
  ...floatArithmetic,
  mod: { fn: mod, js: (a, b) => a - Math.floor(a / b) * b },
  ...comparisons,
}
const integers: Readonly<Record<string, Binary>> = {
  ...arithmetic,
  mul: { fn: mul, js: Math.imul },
  floorDivide: { fn: floorDivide, js: (a, b) => (b === 0 ? 0 : Math.floor(a / b)) },
  mod: { fn: mod, js: (a, b) => (b === 0 ? 0 : a - Math.floor(a / b) * b) },
  bitAnd: { fn: bitAnd, js: (a, b) => a & b },
  bitOr: { fn: bitOr, js: (a, b) => a | b },
  bitXor: { fn: bitXor, js: (a, b) => a ^ b },
  ...comparisons,
}
const bools: Readonly<Record<string, Binary>> = {
  bitAnd: { fn: bitAnd, js: (a, b) => a & b, bool: true },
  bitOr: { fn: bitOr, js: (a, b) => a | b, bool: true },
  bitXor: { fn: bitXor, js: (a, b) => a ^ b, bool: true },
  ...comparisons,
}

const binary = (name: string, { fn, js, bool, opClass = 'elementwise' }: Binary, a: CaseInput, b: CaseInput) => ({
  name: `${name} ${a.dtype} [${a.shape}]`,
  opClass,
  inputs: [a, b],
  run: fn,
  expected: (x: readonly number[], y: readonly number[]) =>
    stored(
      x.map((value, i) => js(value, y[i] as number)),
      bool ? 'bool' : a.dtype,
    ),
})

const binaries = (table: Readonly<Record<string, Binary>>, a: CaseInput, b: CaseInput): ConformanceCase[] =>
  Object.entries(table).map(([name, op]) => binary(name, op, a, b))

/** Ends of the ranges, zeros as divisors, and both signs. */
const integerEdges: Readonly<Record<(typeof INTEGERS)[number], readonly [a: number[], b: number[]]>> = {
  int32: [
    [7, -7, 7, -7, 0, 5, 0, 2147483647, -2147483648, -2147483648, 1073741825, -1, -6, 6],
    [2, 2, -2, -2, 3, 0, 0, 1, -1, 7, 4, -2147483648, 3, -3],
  ],
  uint32: [
    [7, 0, 5, 4294967295, 2147483648, 4294967295, 0, 3],
    [2, 3, 0, 2, 3, 4294967295, 1, 4294967290],
  ],
  int8: [
    [7, -7, 127, -128, -128, 100, 0, 5],
    [2, 2, 1, -1, 3, 100, 0, 0],
  ],
  uint8: [
    [7, 255, 200, 0, 5, 255],
    [2, 1, 100, 3, 0, 255],
  ],
}

const shifts = (dtype: (typeof INTEGERS)[number], a: CaseInput): ConformanceCase[] => {
  const values = a.values
  const bits = dtype.endsWith('8') ? 7 : 31
  const by = values.map((_, i) => (i * 5) % (bits + 1))
  const unsigned = dtype.startsWith('u')
  const b = row(dtype, by)
  return [
    binary('shiftLeft', { fn: shiftLeft, js: (x, n) => x << n }, a, b),
    binary('shiftRight', { fn: shiftRight, js: (x, n) => (unsigned ? x >>> n : x >> n) }, a, b),
  ]
}

const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
]
/** Every two of them. Cases that share inputs share kernels: those of a table are given their own. */
const specialPairs = (table: Readonly<Record<string, Binary>>): ConformanceCase[] =>
  binaries(
    table,
    given(
      [13, 13],
      'float32',
      special.flatMap((x) => special.map(() => x)),
    ),
    given(
      [13, 13],
      'float32',
      special.flatMap(() => special),
    ),
  )

/** What is left of the sign of zero shows in its reciprocal. */
const signOfZero: ConformanceCase = {
  name: '1 / x, 1 / -x and 1 / (x * -1) of 0 and -0',
  opClass: 'elementwise',
  inputs: [row('float32', [0, -0, 2])],
  run: (x) => [div(1, x), div(1, neg(x)), div(1, mul(x, -1))],
  expected: () => [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.5],
}

const castEdges: Readonly<Record<ScalarDType, readonly number[]>> = {
  float32: [
    0,
    -0,
    0.4,
    -0.6,
    1.5,
    2.5,
    -2.5,
    100.7,
    -100.7,
    1e-8,
    65504,
    65520,
    3e9,
    -3e9,
    5e9,
    Number.NaN,
    Infinity,
    -Infinity,
  ],
  float16: [0, 0.5, -1.5, 2.25, 127, -128, 300, 65504, Number.NaN, Infinity, -Infinity, 6e-8],
  bfloat16: [0, 0.5, -1.5, 2.25, 127, -128, 300, 1e10, Number.NaN, Infinity, -Infinity],
  int32: [0, 1, -1, 127, 128, -129, 255, 256, 16777217, 2147483647, -2147483648],
  uint32: [0, 1, 127, 128, 255, 256, 16777217, 2147483648, 4294967295],
  int8: [0, 1, -1, 127, -128],
  uint8: [0, 1, 127, 128, 255],
  bool: [0, 1],
}

const casts: ConformanceCase[] = SCALAR_DTYPES.flatMap((from) => {
  const x = row(from, castEdges[from])
  return SCALAR_DTYPES.filter((to) => to !== from).map((to) => ({
    name: `cast ${from} to ${to}`,
    opClass: 'elementwise' as const,
    inputs: [x],
    run: (x: Tensor) => cast(x, to),
  }))
})

const wide = ['float32', 'int32', 'uint32'] as const
const bitcasts: ConformanceCase[] = wide.flatMap((from) => {
  const x = row(from, from === 'float32' ? [0, -0, 1, -1.5, 3e38] : [0, 1, 1065353216, 3, 2147483647])
  return wide
    .filter((to) => to !== from)
    .map((to) => ({
      name: `bitcast ${from} to ${to}`,
      opClass: 'elementwise' as const,
      inputs: [x],
      run: (x: Tensor) => bitcast(x, to),
    }))
})

const powers: ConformanceCase[] = [
  {
    name: 'pow float32 of positive numbers',
    opClass: 'fused',
    inputs: [input([5, 7], 'float32', 0.1, 3), input([5, 7])],
    run: pow,
    expected: (a, b) =>
      stored(
        a.map((x, i) => x ** (b[i] as number)),
        'float32',
      ),
  },
  {
    name: 'pow float32 at 0, of negative numbers and to whole powers',
    opClass: 'fused',
    inputs: [row('float32', [0, 0, 0, -2, -2, -2, -2, 3, 1, 5]), row('float32', [0, 2, 0.5, 2, 3, -1, 0.5, 0, 9, -2])],
    run: pow,
    expected: (a, b) =>
      stored(
        a.map((x, i) => x ** (b[i] as number)),
        'float32',
      ),
  },
]

const choices: ConformanceCase[] = [...SCALAR_DTYPES].map((dtype) => ({
  name: `where ${dtype}`,
  opClass: 'elementwise',
  inputs: [input([4, 5], 'bool'), input([4, 5], dtype), input([5], dtype)],
  run: where,
  expected: (c, a, b) => c.map((holds, i) => (holds ? a[i] : b[i % 5]) as number),
}))

const truths = input([13], 'bool')

export const elementwiseGroups: readonly ConformanceGroup[] = [
  ...FLOATS.map((dtype) => ({
    name: `unary ops of ${dtype}`,
    cases: unaries((low, high) => input([7, 9], dtype, low, high)),
  })),
  {
    name: 'unary ops of integers and bools',
    cases: [
      ...INTEGERS.flatMap((dtype) => {
        const x = row(dtype, integerEdges[dtype][0])
        return [
          unary('neg', { fn: neg, js: (x) => -x }, x),
          unary('abs', { fn: abs, js: Math.abs }, x),
          unary('sign', { fn: sign, js: Math.sign }, x),
          unary('bitNot', { fn: bitNot, js: (x) => ~x }, x),
          unary('copy', { fn: copy, js: (x) => x }, x),
        ]
      }),
      unary('logicalNot', { fn: logicalNot, js: (x) => 1 - x }, truths),
      unary('copy', { fn: copy, js: (x) => x }, truths),
    ],
  },
  ...FLOATS.map((dtype) => ({
    name: `binary ops of ${dtype}`,
    cases: binaries(floats, input([5, 7], dtype), input([5, 7], dtype, 0.3, 2.5)),
  })),
  ...INTEGERS.map((dtype) => {
    const [a, b] = integerEdges[dtype].map((values) => row(dtype, values)) as [CaseInput, CaseInput]
    return { name: `binary ops of ${dtype}`, cases: [...binaries(integers, a, b), ...shifts(dtype, a)] }
  }),
  { name: 'binary ops of bool', cases: binaries(bools, row('bool', [0, 0, 1, 1]), row('bool', [0, 1, 0, 1])) },
  { name: 'casts', cases: casts },
  { name: 'bitcasts, powers and choices', cases: [...bitcasts, ...powers, ...choices] },
]

/** NaN, infinities and the sign of zero: a group apart, because WGSL leaves part of it open. */
export const specialValueGroups: readonly ConformanceGroup[] = [
  {
    name: 'special values',
    cases: [
      ...unaries(() => row('float32', special)),
      ...specialPairs(floatArithmetic),
      ...specialPairs(comparisons),
      signOfZero,
    ],
  },
]
