import {
  add,
  concat,
  exp,
  expand,
  flip,
  iota,
  maskedFill,
  mul,
  pad,
  permute,
  q4_0,
  q8_0,
  reshape,
  SCALAR_DTYPES,
  slice,
  split,
  squeeze,
  stack,
  stopGradient,
  sum,
  type Tensor,
  tensor,
  transpose,
  unsqueeze,
} from '../../../src/index.js'
import { type ConformanceCase, type ConformanceGroup, given, input } from '../conformance-case.js'

const one = (name: string, inputs: ConformanceCase['inputs'], run: ConformanceCase['run']): ConformanceCase => ({
  name,
  opClass: 'elementwise',
  inputs,
  run,
})

const counted = (shape: readonly number[]) =>
  given(
    shape,
    'float32',
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  )

const views: ConformanceCase[] = [
  {
    ...one('transpose', [counted([2, 3])], (x) => transpose(x)),
    expected: () => [0, 3, 1, 4, 2, 5],
  },
  { ...one('flip', [counted([2, 3])], (x) => flip(x, 1)), expected: () => [2, 1, 0, 5, 4, 3] },
  { ...one('flip of all axes', [counted([2, 3])], (x) => flip(x)), expected: () => [5, 4, 3, 2, 1, 0] },
  {
    ...one('slice', [counted([3, 4])], (x) => slice(x, [[1], [1, -1]])),
    expected: () => [5, 6, 9, 10],
  },
  {
    ...one('pad', [counted([2, 2])], (x) =>
      pad(
        x,
        [
          [1, 0],
          [0, 1],
        ],
        9,
      ),
    ),
    expected: () => [9, 9, 9, 0, 1, 9, 2, 3, 9],
  },
  {
    ...one('concat', [counted([2, 2]), counted([2, 1])], (a, b) => concat([a, b, a], 1)),
    expected: () => [0, 1, 0, 0, 1, 2, 3, 1, 2, 3],
  },
  { ...one('stack', [counted([2]), counted([2])], (a, b) => stack([a, b], 1)), expected: () => [0, 0, 1, 1] },
  { ...one('expand', [counted([2, 1])], (x) => expand(x, [2, 2, 2])), expected: () => [0, 0, 1, 1, 0, 0, 1, 1] },
  {
    ...one('permute of 5 axes', [counted([2, 3, 2, 2, 2])], (x) => permute(x, [4, 2, 0, 3, 1])),
  },
  one('reshape of a transposed tensor', [input([6, 4])], (x) => reshape(transpose(x), [8, 3])),
  one('reshape of a sliced tensor', [input([6, 4])], (x) =>
    reshape(
      slice(x, [
        [1, 5],
        [0, 2],
      ]),
      [2, 4],
    ),
  ),
  one('reshape of an expanded tensor', [input([3, 1])], (x) => reshape(expand(x, [3, 4]), [12])),
  one('squeeze and unsqueeze', [input([1, 3, 1])], (x) => unsqueeze(squeeze(x, 0), 2)),
  one('split', [input([3, 7])], (x) => split(x, [2, 0, 5], 1)),
  one('stopGradient', [input([5])], (x) => stopGradient(x)),
  one('view of a view of a view', [input([4, 5, 6])], (x) =>
    flip(transpose(slice(permute(x, [2, 0, 1]), [[1, 5], null, [1, 4]]), 0, 2), [0, 2]),
  ),
  one(
    'arithmetic on transposed, flipped and sliced operands',
    [input([5, 7]), input([7, 5]), input([9, 9])],
    (a, b, c) =>
      add(
        mul(a, transpose(b)),
        flip(
          slice(c, [
            [2, 7],
            [1, 8],
          ]),
          [0, 1],
        ),
      ),
  ),
  one('arithmetic of every broadcasting', [input([3, 1, 5]), input([4, 1]), input([]), input([1])], (a, b, c, d) =>
    mul(add(mul(a, b), c), d),
  ),
  one('broadcasting in 5 axes', [input([2, 1, 3, 1, 2]), input([4, 1, 5, 1])], (a, b) => add(a, b)),
  one('counters along transposed axes', [input([3, 4])], (x) => add(transpose(x), iota([4, 3], 0, 'float32'))),
  one('scalars', [input([]), input([])], (a, b) => [mul(a, b), reshape(a, [1, 1]), expand(b, [3])]),
  one('a border that is computed', [input([3, 4])], (x) =>
    pad(
      exp(x),
      [
        [2, 1],
        [0, 3],
      ],
      -1,
    ),
  ),
  one('joined expressions', [input([2, 3]), input([2, 2])], (a, b) => concat([mul(a, 2), add(b, 1), a.neg()], 1)),
  one('one tensor read by several', [input([4, 5])], (x) => {
    const y = exp(x)
    return [y, mul(y, y), sum(y, 1), transpose(y)]
  }),
  one(
    'an expression of eight operands',
    Array.from({ length: 8 }, () => input([6, 5])),
    (...xs) => xs.reduce((total, x, i) => add(mul(total, 0.5), i % 2 ? x : exp(x))),
  ),
  one('a chain of sixty ops', [input([11])], (x) => {
    let y = x
    for (let i = 0; i < 30; i++) y = add(mul(y, 0.9), 0.1)
    return y
  }),
  ...SCALAR_DTYPES.flatMap((dtype) => [
    one(`transposed, flipped, padded and joined ${dtype}`, [input([5, 6], dtype)], (x) => [
      concat([transpose(x), transpose(flip(x))], 1),
      pad(
        x,
        [
          [1, 1],
          [0, 2],
        ],
        1,
      ),
    ]),
  ]),
  one('a mask of where', [input([4, 5]), input([5], 'bool')], (x, m) => maskedFill(x, m, 7)),
  one('packed weights, decoded', [input([2, 64])], (x) => x.cast(q8_0).cast('float32')),
  one('packed weights of four bits, decoded, in two formats', [input([3, 96])], (x) => [
    x.cast(q4_0).cast('float32'),
    x.cast(q4_0).cast('float16'),
  ]),
  one('packed weights, read by slices of rows', [input([4, 32])], (x) => x.cast(q8_0).cast('float16')),
]

const empty = (shape: readonly number[]) => given(shape, 'float32', [])
const zeroSize: ConformanceCase[] = [
  one('elementwise ops of nothing', [empty([0]), empty([3, 0])], (a, b) => [exp(a), add(b, b), add(b, a)]),
  one('views of nothing', [empty([2, 0, 3])], (x) => [transpose(x), flip(x), reshape(x, [0, 6]), slice(x, [[0, 1]])]),
  { ...one('sums of nothing are 0', [empty([2, 0])], (x) => [sum(x, 1), sum(x)]), expected: () => [0, 0] },
  { ...one('amax of nothing is -Infinity', [empty([2, 0])], (x) => x.amax(1)), expected: () => [-Infinity, -Infinity] },
  one('joined with nothing', [empty([0, 3]), input([2, 3])], (a, b) => [
    concat([a, b]),
    pad(
      a,
      [
        [1, 1],
        [0, 0],
      ],
      2,
    ),
  ]),
  one('an empty slice', [input([4, 3])], (x) => [slice(x, [[2, 2]]), sum(slice(x, [[2, 2]]), 0)]),
  one('products with nothing', [empty([0, 3]), input([3, 2]), empty([2, 0])], (a, b, c) => [a.matmul(b), c.matmul(a)]),
  one('indices of nothing', [input([4, 3])], (x) => [
    x.take(tensor(new Int32Array(0), { shape: [0] })),
    x.scatterAdd(tensor(new Int32Array(0), { shape: [0, 3] }), empty3(), 0),
  ]),
  one('orders and running sums of nothing', [empty([3, 0])], (x) => [x.argsort(), x.cumsum(), x.cumsum(0)]),
  one('softmax of nothing', [empty([0, 4]), empty([3, 0])], (a, b) => [a.softmax(), b.softmax()]),
]

function empty3(): Tensor {
  return tensor(new Float32Array(0), { shape: [0, 3] })
}

const large: ConformanceCase[] = [
  one('70,000 elements', [input([70_000])], (x) => add(mul(x, x), exp(x))),
  one('70,000 elements, flipped and broadcast', [input([280, 250]), input([250])], (a, b) => mul(flip(a), b)),
  one('70,000 bytes', [input([70_001], 'int8'), input([70_001], 'int8')], (a, b) => add(a, b)),
  one('70,000 truth values', [input([70_003]), input([70_003])], (a, b) => a.lt(b)),
  one('a large transposition', [input([257, 261])], (x) => exp(transpose(x)).copy()),
]

export const viewGroups: readonly ConformanceGroup[] = [
  { name: 'views', cases: views },
  { name: 'tensors without elements', cases: zeroSize },
  { name: 'large tensors', cases: large },
]
