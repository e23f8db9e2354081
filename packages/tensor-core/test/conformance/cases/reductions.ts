import {
  amax,
  amin,
  argmax,
  argmin,
  cumsum,
  logsumexp,
  mean,
  mul,
  sub,
  sum,
  type Tensor,
  transpose,
} from '../../../src/index.js'
import { type ConformanceCase, type ConformanceGroup, FLOATS, given, INTEGERS, input } from '../conformance-case.js'

type Reduce = (x: Tensor, axes?: readonly number[], keepDims?: boolean) => Tensor
const reductions: Readonly<Record<string, Reduce>> = { sum, amax, amin, mean }

const subsets = (rank: number): number[][] =>
  Array.from({ length: 2 ** rank }, (_, bits) =>
    Array.from({ length: rank }, (_, axis) => axis).filter((axis) => (bits >> axis) & 1),
  )

/** Sums, maxima and minima in JavaScript, over any axes of [3, 4, 5]. */
function reduceInJs(values: readonly number[], axes: readonly number[], name: string): number[] {
  const shape = [3, 4, 5]
  const kept = [0, 1, 2].filter((axis) => !axes.includes(axis))
  const groups = new Map<string, number[]>()
  values.forEach((value, at) => {
    const index = [Math.floor(at / 20), Math.floor(at / 5) % 4, at % 5]
    const key = kept.map((axis) => index[axis]).join()
    groups.set(key, [...(groups.get(key) ?? []), value])
  })
  const count = axes.reduce((n, axis) => n * (shape[axis] as number), 1)
  return [...groups.values()].map((group) => {
    if (name === 'amax') return Math.max(...group)
    if (name === 'amin') return Math.min(...group)
    const total = group.reduce((a, b) => a + b, 0)
    return name === 'mean' ? total / count : total
  })
}

const everyAxis: ConformanceCase[] = Object.entries(reductions).flatMap(([name, reduce]) =>
  subsets(3).map((axes) => ({
    name: `${name} over axes [${axes}]`,
    opClass: 'reduction' as const,
    inputs: [input([3, 4, 5])],
    run: (x: Tensor) => reduce(x, axes),
    expected: (values: readonly number[]) => reduceInJs(values, axes, name),
  })),
)

const dtypes: ConformanceCase[] = [...FLOATS, ...INTEGERS].flatMap((dtype) =>
  Object.entries({ sum, amax, amin }).map(([name, reduce]) => ({
    name: `${name} ${dtype}`,
    opClass: 'reduction' as const,
    inputs: [input([6, 11], dtype)],
    run: (x: Tensor) => [reduce(x, 1), reduce(x, 0)],
  })),
)

const shapes: ConformanceCase[] = [[1], [1, 1], [70_000], [300, 257], [3, 1000], [1000, 3], [2, 3, 4, 5, 6]].flatMap(
  (shape) => [
    {
      name: `sum and amax of [${shape}] over the last axis`,
      opClass: 'reduction' as const,
      inputs: [input(shape, 'float32', -1, 1)],
      run: (x: Tensor) => [sum(x, -1), amax(x, -1)],
    },
    {
      name: `sum and amin of [${shape}] over the first axis`,
      opClass: 'reduction' as const,
      inputs: [input(shape, 'float32', -1, 1)],
      run: (x: Tensor) => [sum(x, 0), amin(x, 0)],
    },
  ],
)

/** Rows, columns and all of a matrix, each long enough to be shared by a workgroup; all of it is cut into parts. The kernels are those of short ones, of which there is one of every dtype. */
const long: ConformanceCase[] = (['float32', 'bfloat16', 'int32', 'uint8'] as const).map((dtype) => ({
  name: `sum, amax and amin of a long ${dtype} matrix`,
  opClass: 'reduction' as const,
  inputs: [input([40, 300], dtype, -1, 1)],
  run: (x: Tensor) => [sum, amax, amin].flatMap((reduce) => [reduce(x, 1), reduce(x, 0), reduce(x)]),
}))

const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: low } = Number

const others: ConformanceCase[] = [
  {
    name: 'long reductions of fused expressions, with what follows them',
    opClass: 'reduction',
    inputs: [input([5, 700], 'float32', -1, 1), input([700], 'float32', -1, 1)],
    run: (x, w) => {
      const centred = sub(x, mean(x, 1, true))
      return [
        mean(mul(centred, centred), 1).add(1).sqrt(),
        sum(mul(x, w), 1).mul(mean(w)).exp(),
        sum(mul(x, w), 0).mul(w),
        sum(mul(transpose(x), 2), 1, true).mul(transpose(x)),
      ]
    },
  },
  {
    name: 'few rows of 70,000: parts, then their join',
    opClass: 'reduction',
    inputs: [input([2, 70_000], 'float32', -1, 1)],
    run: (x) => [mean(x, 1).add(1), amax(x, 1), amin(transpose(x), 0)],
  },
  {
    name: 'sums over two of three axes, contiguous and not',
    opClass: 'reduction',
    inputs: [input([6, 20, 30], 'float32', -1, 1)],
    run: (x) => [sum(x, [1, 2]), sum(x, [0, 1]), sum(x, [0, 2]), sum(x, 1), amax(x, [0, 2])],
  },
  {
    name: 'sum of all elements of a 5-D tensor',
    opClass: 'reduction',
    inputs: [input([2, 3, 2, 3, 2])],
    run: (x) => [sum(x), sum(x, [0, 2, 4], true), sum(x, [1, 3])],
  },
  {
    name: 'sum of a transposed and of a flipped tensor',
    opClass: 'reduction',
    inputs: [input([9, 13])],
    run: (x) => [sum(transpose(x), 0), sum(x.flip(), 1), sum(x.slice([[1, 8], [2]]), 1)],
  },
  {
    name: 'variance, a reduction of a fused expression',
    opClass: 'reduction',
    inputs: [input([9, 13])],
    run: (x) => {
      const centred = sub(x, mean(x, 1, true))
      return mean(mul(centred, centred), 1)
    },
  },
  {
    name: 'sum of bools counts in int32',
    opClass: 'reduction',
    inputs: [given([2, 3], 'bool', [1, 0, 1, 1, 1, 1])],
    run: (x) => sum(x, 1),
    expected: () => [2, 3],
  },
  {
    name: 'amax and amin of integers at the ends of their range',
    opClass: 'reduction',
    inputs: [given([2, 2], 'int32', [-2147483648, -2147483647, 2147483647, 2147483646])],
    run: (x) => [amax(x, 1), amin(x, 1)],
    expected: () => [-2147483647, 2147483647],
  },
  {
    name: 'amax and amin of uint32 above 2^31',
    opClass: 'reduction',
    inputs: [given([2, 2], 'uint32', [4294967295, 1, 2147483648, 0])],
    run: (x) => [amax(x, 1), amin(x, 1)],
    expected: () => [4294967295, 2147483648],
  },
  ...(['float32', 'int32', 'uint32', 'int8', 'uint8'] as const).map(
    (dtype): ConformanceCase => ({
      name: `argmax and argmin ${dtype}, ties to the lowest index`,
      opClass: 'elementwise',
      inputs: [given([3, 4], dtype, [1, 3, 3, 0, 2, 2, 0, 0, 0, 0, 0, 0])],
      run: (x) => [argmax(x), argmin(x), argmax(x, 0), argmin(x, 0)],
      expected: () => [1, 0, 0],
    }),
  ),
  {
    name: 'argmin of int32 and uint32 at the ends of their range',
    opClass: 'elementwise',
    inputs: [given([3], 'int32', [-2147483647, -2147483648, 5]), given([3], 'uint32', [3, 0, 4294967295])],
    run: (a, b) => [argmin(a), argmin(b), argmax(a), argmax(b)],
    expected: () => [1],
  },
  ...([0, 1, 2] as const).map(
    (axis): ConformanceCase => ({
      name: `argmax and argmin over axis ${axis}`,
      opClass: 'elementwise',
      inputs: [input([3, 7, 5])],
      run: (x) => [argmax(x, axis), argmin(x, axis, true)],
    }),
  ),
  ...(['float32', 'float16', 'int32', 'uint8', 'int8'] as const).map(
    (dtype): ConformanceCase => ({
      name: `cumsum ${dtype}`,
      opClass: 'reduction',
      inputs: [input([3, 7, 5], dtype, -1, 1)],
      run: (x) => [cumsum(x), cumsum(x, 0), cumsum(x, 1)],
    }),
  ),
  {
    name: 'logsumexp of rows of very large, very small and masked numbers',
    opClass: 'fused',
    inputs: [given([4, 3], 'float32', [1000, 1001, 999, -1000, -1001, -999, low, low, low, low, 2, low])],
    run: (x) => logsumexp(x, 1),
  },
]

const special: ConformanceCase[] = [
  {
    name: 'long reductions of rows with NaN and infinities',
    opClass: 'reduction',
    inputs: [
      given(
        [5, 400],
        'float32',
        Array.from(
          { length: 2000 },
          (_, i) => [[1, nan, 2], [inf, 1, low], [inf, 1, 2], [low], [-0, 0]][Math.floor(i / 400)]?.[i % 3] ?? low,
        ),
      ),
    ],
    run: (x) => [amax(x, 1), amin(x, 1), sum(x, 1), amax(transpose(x), 0)],
    expected: () => [nan, inf, inf, low, 0],
  },
  {
    name: 'reductions of rows with NaN and infinities',
    opClass: 'reduction',
    inputs: [given([4, 3], 'float32', [1, nan, 2, inf, 1, low, inf, 1, 2, low, low, low])],
    run: (x) => [amax(x, 1), amin(x, 1), sum(x, 1)],
    expected: () => [nan, inf, inf, low],
  },
  {
    name: 'argmax passes over NaN',
    opClass: 'elementwise',
    inputs: [given([3, 3], 'float32', [nan, 1, 2, 3, nan, 1, nan, nan, nan])],
    run: (x) => [argmax(x), argmin(x)],
    expected: () => [2, 0, 0],
  },
]

export const reductionGroups: readonly ConformanceGroup[] = [
  { name: 'reductions over every combination of axes', cases: everyAxis },
  { name: 'reductions of every dtype', cases: dtypes },
  { name: 'reductions of odd, long and wide shapes', cases: shapes },
  { name: 'long reductions of every dtype', cases: long },
  { name: 'other reductions', cases: others },
]
export const specialReductionGroups: readonly ConformanceGroup[] = [
  { name: 'reductions of special values', cases: special },
]
