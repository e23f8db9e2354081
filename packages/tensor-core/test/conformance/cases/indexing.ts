import {
  argsort,
  bincount,
  dynamicSlice,
  dynamicUpdateSlice,
  SCALAR_DTYPES,
  scatter,
  scatterAdd,
  segmentSum,
  sort,
  take,
  takeAlongAxis,
  topK,
  transpose,
} from '../../../src/index.js'
import { type ConformanceCase, type ConformanceGroup, given, INTEGERS, input, row } from '../conformance-case.js'

const ids = (values: readonly number[]) => row('int32', values)
const one = (name: string, inputs: ConformanceCase['inputs'], run: ConformanceCase['run']): ConformanceCase => ({
  name,
  opClass: 'reduction',
  inputs,
  run,
})

const everyDType: ConformanceCase[] = SCALAR_DTYPES.flatMap((dtype) => [
  one(`take ${dtype}`, [input([5, 6], dtype), ids([4, 0, 4, 9, -1, 2])], (x, i) => [take(x, i), take(x, i, 1)]),
  one(
    `takeAlongAxis ${dtype}`,
    [input([3, 5], dtype), given([3, 4], 'int32', [0, 4, 5, 1, -1, 2, 2, 2, 3, 0, 0, 1])],
    (x, i) => takeAlongAxis(x, i),
  ),
  one(`scatter ${dtype}`, [input([5, 3], dtype), ids([3, 0, 3, 7]), input([4, 3], dtype)], (x, i, u) =>
    scatter(x, i, u),
  ),
  one(`dynamicSlice ${dtype}`, [input([5, 6], dtype), ids([1, 2])], (x, at) => dynamicSlice(x, at, [2, 3])),
  one(`dynamicUpdateSlice ${dtype}`, [input([5, 6], dtype), input([2, 3], dtype), ids([2, 1])], (x, u, at) =>
    dynamicUpdateSlice(x, u, at),
  ),
])

const numbers: ConformanceCase[] = (['float32', 'float16', ...INTEGERS] as const).flatMap((dtype) => [
  one(
    `scatterAdd ${dtype}`,
    [input([3, 5], dtype), given([3, 4], 'int32', [0, 4, 5, 0, -1, 2, 2, 2, 3, 0, 0, 1]), input([3, 4], dtype)],
    (x, i, u) => scatterAdd(x, i, u),
  ),
  one(`segmentSum ${dtype}`, [input([6, 5], dtype), ids([0, 3, 0, 9, -2, 1])], (x, i) => segmentSum(x, i, 4)),
  one(`argsort and sort ${dtype}`, [input([3, 17], dtype)], (x) => [
    argsort(x),
    argsort(x, { descending: true }),
    sort(x, { axis: 0 }),
  ]),
])

const shapes: ConformanceCase[] = [
  one(
    'take by a matrix in the middle of 4 axes',
    [input([2, 5, 3, 2]), given([2, 3], 'int32', [0, 4, 1, 1, 2, 3])],
    (x, i) => take(x, i, 1),
  ),
  one('take from a transposed table', [input([4, 6]), ids([5, 0, 3])], (x, i) => take(transpose(x), i)),
  one('take with uint8 indices', [input([4, 33]), row('uint8', [3, 0, 1, 200])], (x, i) => take(x, i)),
  one('takeAlongAxis along the first of 3 axes', [input([4, 2, 3]), input([1, 2, 3], 'int32')], (x, i) =>
    takeAlongAxis(x, i, 0),
  ),
  one('scatter along the last axis', [input([3, 6]), ids([5, 1]), input([3, 2])], (x, i, u) => scatter(x, i, u, 1)),
  one('scatter of wide rows', [input([5, 67]), ids([4, 2, 4]), input([3, 67])], (x, i, u) => scatter(x, i, u)),
  // What caches keep: rows of words, of halves and of bytes that share a word with their neighbours.
  ...(['float32', 'bfloat16', 'int8'] as const).flatMap((dtype) => [
    one(
      `scatter to distinct places ${dtype}`,
      [input([5, 67], dtype), ids([4, -1, 2, 9]), input([4, 67], dtype)],
      (x, i, u) => scatter(x, i, u, 0, { distinct: true }),
    ),
    one(
      `scatter to distinct places along the last axis ${dtype}`,
      [input([3, 7], dtype), ids([5, 1, 0]), input([3, 3], dtype)],
      (x, i, u) => scatter(x, i, u, 1, { distinct: true }),
    ),
  ]),
  one('scatter, then read what was before', [input([4, 3]), ids([1]), input([1, 3])], (x, i, u) => [
    scatter(x.mul(2), i, u),
    x.mul(2).add(1),
  ]),
  one(
    'scatterAdd along the first axis',
    [input([4, 3]), given([2, 3], 'int32', [0, 1, 3, 0, 1, 2]), input([2, 3])],
    (x, i, u) => scatterAdd(x, i, u, 0),
  ),
  one('segmentSum along the last axis', [input([3, 7]), ids([1, 0, 1, 1, 2, 0, 5])], (x, i) => segmentSum(x, i, 3, 1)),
  one('segmentSum of wide rows', [input([9, 70]), ids([1, 0, 1, 1, 2, 0, 5, 2, 2])], (x, i) => segmentSum(x, i, 3)),
  { ...one('bincount', [ids([1, 1, 4, 0, 9])], (x) => bincount(x, 5)), expected: () => [1, 2, 0, 0, 1] },
  one('dynamicSlice outside, pulled in', [input([5, 4, 3]), ids([9, -2, 1])], (x, at) =>
    dynamicSlice(x, at, [2, 2, 2]),
  ),
  one('dynamicSlice of a vector and a scalar', [input([7]), ids([3])], (x, at) => dynamicSlice(x, at, [2])),
  one('dynamicUpdateSlice outside, pulled in', [input([5, 4]), input([2, 2]), ids([4, -1])], (x, u, at) =>
    dynamicUpdateSlice(x, u, at),
  ),
  one('two updates, one after the other', [input([6, 4]), input([1, 4]), ids([0, 0]), ids([3, 0])], (x, u, p, q) =>
    dynamicUpdateSlice(dynamicUpdateSlice(x, u, p), u.mul(2), q),
  ),
  {
    ...one('argsort is stable and NaN comes last', [row('float32', [2, NaN, 1, 2, -Infinity, 1])], (x) => [
      argsort(x),
      argsort(x, { descending: true }),
    ]),
    expected: () => [4, 2, 5, 0, 3, 1],
  },
  one('argsort of many equal elements', [input([2, 300], 'uint8')], (x) => [
    argsort(x),
    argsort(x, { descending: true }),
  ]),
  one('argsort of long rows', [input([2, 1025])], (x) => [argsort(x), argsort(transpose(x), { axis: 0 })]),
  one('topK', [input([3, 9])], (x) => {
    const last = topK(x, 4)
    const first = topK(x, 2, 0)
    return [last.values, last.indices, first.values, first.indices]
  }),
]

export const indexingGroups: readonly ConformanceGroup[] = [
  { name: 'indexing of every dtype', cases: everyDType },
  { name: 'indexed sums and orders of numbers', cases: numbers },
  { name: 'indexing of other shapes', cases: shapes },
]
