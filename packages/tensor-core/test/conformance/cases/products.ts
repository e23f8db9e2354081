import {
  bernoulli,
  categorical,
  dropout,
  einsum,
  expand,
  flip,
  foldIn,
  gatherMatmul,
  type MatmulOptions,
  matmul,
  normal,
  permute,
  q4_0,
  q8_0,
  randomBits,
  segmentedMatmul,
  slice,
  splitKey,
  stack,
  type Tensor,
  uniform,
} from '../../../src/index.js'
import { type ConformanceCase, type ConformanceGroup, FLOATS, given, input, row } from '../conformance-case.js'

const product = (a: readonly number[], b: readonly number[], options: MatmulOptions = {}): ConformanceCase => ({
  name: `matmul [${a}]${options.transposeA ? '^T' : ''} [${b}]${options.transposeB ? '^T' : ''}`,
  opClass: 'matmul',
  inputs: [input(a, 'float32', -1, 1), input(b, 'float32', -1, 1)],
  run: (x, y) => matmul(x, y, options),
  ...(a.length === 2 && b.length === 2 && !options.transposeA && !options.transposeB
    ? { expected: (x, y) => productInJs(x, y, a[0] as number, a[1] as number, b[1] as number) }
    : {}),
})

function productInJs(x: readonly number[], y: readonly number[], m: number, k: number, n: number): number[] {
  return Array.from({ length: m * n }, (_, at) => {
    let total = 0
    for (let l = 0; l < k; l++) total += (x[Math.floor(at / n) * k + l] as number) * (y[l * n + (at % n)] as number)
    return total
  })
}

const one = (name: string, inputs: ConformanceCase['inputs'], run: ConformanceCase['run']): ConformanceCase => ({
  name,
  opClass: 'matmul',
  inputs,
  run,
})
const unit = (shape: readonly number[]) => input(shape, 'float32', -1, 1)

const products: ConformanceCase[] = [
  product([1, 1], [1, 1]),
  product([1, 9], [9, 1]),
  product([3, 5], [5, 7]),
  product([5, 1], [1, 7]),
  product([1, 64], [64, 130]),
  product([4, 64], [64, 8]),
  product([13, 29], [29, 17]),
  product([65, 130], [130, 67]),
  product([2, 300], [300, 3]),
  product([7, 5], [7, 6], { transposeA: true }),
  product([5, 7], [6, 7], { transposeB: true }),
  product([7, 5], [6, 7], { transposeA: true, transposeB: true }),
  product([1, 65], [33, 65], { transposeB: true }),
  product([33, 65], [31, 65], { transposeB: true }),
  product([65, 33], [65, 31], { transposeA: true }),
  product([4], [4]),
  product([4], [4, 5]),
  product([4], [5, 4], { transposeB: true }),
  product([3, 4], [4]),
  product([2, 3, 4], [4]),
  product([2, 3, 4], [2, 4, 5]),
  product([2, 3, 4], [4, 5]),
  product([3, 4], [2, 4, 5]),
  product([2, 1, 3, 4], [3, 4, 5]),
  product([2, 3, 4], [2, 5, 4], { transposeB: true }),
  product([2, 4, 3], [2, 4, 5], { transposeA: true }),
  product([2, 3, 2, 3, 4], [2, 3, 2, 4, 3]),
  product([2, 33, 17], [2, 17, 9]),
  ...FLOATS.slice(1).map((dtype) =>
    one(`matmul ${dtype}`, [input([9, 17], dtype, -1, 1), input([17, 5], dtype, -1, 1)], (a, b) => matmul(a, b)),
  ),
  one('matmul of float16 and float32', [input([9, 17], 'float16', -1, 1), unit([17, 5])], (a, b) => matmul(a, b)),
  one('matmul of permuted heads', [unit([2, 5, 3, 4]), unit([2, 7, 3, 4])], (q, k) =>
    matmul(permute(q, [0, 2, 1, 3]), permute(k, [0, 2, 3, 1])),
  ),
  one('matmul of flipped and sliced operands', [unit([9, 12]), unit([12, 9])], (a, b) =>
    matmul(
      flip(
        slice(a, [
          [1, 8],
          [2, 11],
        ]),
        1,
      ),
      slice(b, [[1, 10], [3]]),
    ),
  ),
  one('matmul of an expanded operand', [unit([1, 5]), unit([5, 4])], (a, b) => matmul(expand(a, [6, 5]), b)),
  one('matmul inside an expression', [unit([6, 5]), unit([5, 7]), unit([7])], (a, b, c) => matmul(a, b).add(c).relu()),
  one('einsum bthd,bshd->bhts', [unit([2, 3, 2, 5]), unit([2, 4, 2, 5])], (a, b) => einsum('bthd,bshd->bhts', a, b)),
  ...[q8_0, q4_0].map(
    (format): ConformanceCase => ({
      name: `matmul with weights packed in ${format.name}`,
      opClass: 'rounded',
      inputs: [unit([3, 64]), unit([5, 64])],
      run: (x, w) => matmul(x as Tensor, (w as Tensor).cast(format), { transposeB: true }),
    }),
  ),
  one('segmentedMatmul', [unit([7, 5]), unit([3, 5, 6]), row('int32', [1, 3, 3, 6])], (x, w, o) =>
    segmentedMatmul(x, w, o),
  ),
  one('gatherMatmul', [unit([5, 4]), unit([3, 4, 6]), row('int32', [2, 0, 2, 1, 2])], (x, w, i) =>
    gatherMatmul(x, w, i),
  ),
]

const key = given([2], 'uint32', [0, 42])
const draw = (name: string, run: ConformanceCase['run'], opClass: ConformanceCase['opClass']): ConformanceCase => ({
  name,
  opClass,
  inputs: [key],
  run,
})

const randoms: ConformanceCase[] = [
  draw('random bits', (k) => randomBits(k, [7, 11]), 'elementwise'),
  draw('split keys', (k) => stack(splitKey(k, 3)), 'elementwise'),
  draw('folded keys', (k) => [foldIn(k, 0), foldIn(k, 4294967295)], 'elementwise'),
  draw('uniform', (k) => [uniform(k, [33]), uniform(k, [5, 3], -2, 5)], 'elementwise'),
  // sqrt(-2 log u) is off by more than a rounding where u is near 1.
  draw('normal', (k) => normal(k, [6, 7]), 'fused'),
  draw('bernoulli', (k) => bernoulli(k, 0.3, [50]), 'elementwise'),
  draw('categorical', (k) => categorical(k, uniform(foldIn(k, 1), [9, 5])), 'elementwise'),
  draw('dropout', (k) => dropout(k, uniform(foldIn(k, 1), [9, 5]), 0.4), 'elementwise'),
]

export const productGroups: readonly ConformanceGroup[] = [
  { name: 'products', cases: products },
  { name: 'random numbers', cases: randoms },
]
