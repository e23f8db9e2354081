import {
  abs,
  add,
  amax,
  amin,
  cast,
  concat,
  copy,
  cos,
  cumsum,
  customVjp,
  div,
  dynamicSlice,
  dynamicUpdateSlice,
  erf,
  exp,
  expand,
  flip,
  floor,
  floorDivide,
  grad,
  log,
  matmul,
  maximum,
  minimum,
  mod,
  mul,
  neg,
  pad,
  permute,
  pow,
  reshape,
  roundHalfEven,
  rsqrt,
  scatter,
  scatterAdd,
  segmentSum,
  sign,
  sin,
  slice,
  sqrt,
  sub,
  sum,
  type Tensor,
  take,
  takeAlongAxis,
  tanh,
  tensor,
  where,
} from '../../src/index.js'
import type { OpName } from '../../src/ops/op-table.js'
import { type GradientCase, piecewise, positive, smooth, spread } from './gradient-case.js'

const ints = (values: readonly number[] | readonly (readonly number[])[]): Tensor => tensor(values, { dtype: 'int32' })
const mask = tensor([
  [true, false, true],
  [false, false, true],
])

const product = (a: Tensor, b: Tensor): Tensor => matmul(a, b)

/** Ops without a gradient to compare with finite differences, each with the reason. */
export const noGradient = {
  argmax: 'an index',
  argsort: 'indices',
  bitAnd: 'bits',
  bitNot: 'bits',
  bitOr: 'bits',
  bitXor: 'bits',
  bitcast: 'bits',
  eq: 'a truth value',
  le: 'a truth value',
  lt: 'a truth value',
  logicalNot: 'a truth value',
  shiftLeft: 'bits',
  shiftRight: 'bits',
  randomBits: 'bits',
  full: 'has no inputs',
  iota: 'has no inputs',
  stopGradient: 'zero by definition: see gradient-rules.test.ts',
  encodeBlocks: 'straight-through by definition: see gradient-rules.test.ts',
  decodeBlocks: 'its input is packed; straight-through by definition: see gradient-rules.test.ts',
} as const satisfies { readonly [N in OpName]?: string }

/** At least one case for every other op: an op without one does not compile. */
export const opCases: { readonly [N in Exclude<OpName, keyof typeof noGradient>]: readonly GradientCase[] } = {
  abs: [piecewise('abs', [spread([2, 3])], abs)],
  add: [
    smooth('add', [spread([2, 3]), spread([2, 3])], add),
    smooth('add, broadcast both ways', [spread([2, 1]), spread([1, 3])], add),
    smooth('add, new leading axis', [spread([3]), spread([2, 3])], (a, b) => mul(add(a, b), a)),
    smooth('add to itself', [spread([4])], (a) => add(a, a)),
  ],
  after: [
    smooth('after, by a gradient with checkpoints', [spread([3]), spread([3], -1, 1, 0.3)], (a, b) => {
      const middle = mul(sin(mul(a, b)), a)
      return grad(sum(mul(exp(mul(middle, middle)), tanh(middle))), [a, b], { checkpoints: [middle] })
    }),
    smooth('after, where a checkpoint skips a segment', [spread([2, 3])], (x) => {
      const first = sin(mul(x, x))
      const second = tanh(mul(first, exp(x)))
      return grad(sum(mul(second, mul(first, second))), x, { checkpoints: [first, second] })
    }),
  ],
  amax: [
    piecewise('amax', [spread([2, 3])], (x) => amax(x)),
    piecewise('amax over axis 0', [spread([3, 4])], (x) => amax(x, 0)),
    piecewise('amax over two axes', [spread([2, 3, 2])], (x) => amax(x, [0, 2], true)),
  ],
  amin: [
    piecewise('amin', [spread([2, 3])], (x) => amin(x)),
    piecewise('amin over the last axis', [spread([3, 4])], (x) => amin(x, -1)),
  ],
  cast: [
    {
      ...smooth('cast to float16 and back', [spread([3])], (x) => cast(mul(cast(x, 'float16'), 2), 'float32')),
      narrow: 'float16',
    },
    { ...smooth('cast to bfloat16', [spread([3])], (x) => cast(x, 'bfloat16')), narrow: 'bfloat16' },
  ],
  concat: [
    smooth('concat', [spread([2, 1]), spread([2, 3])], (a, b) => concat([a, b, mul(a, a)], 1)),
    smooth('concat along axis 0', [spread([1, 2]), spread([2, 2])], (a, b) => exp(concat([a, b], 0))),
  ],
  copy: [smooth('copy', [spread([3])], (x) => mul(copy(x), x))],
  cos: [smooth('cos', [spread([2, 3])], cos)],
  cumsum: [
    smooth('cumsum', [spread([2, 3])], (x) => exp(cumsum(x))),
    smooth('cumsum along axis 0', [spread([3, 2])], (x) => cumsum(mul(x, x), 0)),
  ],
  div: [
    smooth('div', [spread([2, 3]), positive([2, 3])], div),
    smooth('div by a row', [spread([2, 3]), positive([3])], div),
    smooth('div of a number', [positive([3])], (x) => div(1, x)),
  ],
  dynamicSlice: [
    smooth('dynamicSlice', [spread([3, 4])], (x) => exp(dynamicSlice(x, ints([1, 2]), [2, 2]))),
    smooth('dynamicSlice, pulled inside', [spread([3, 4])], (x) => mul(dynamicSlice(x, ints([9, -3]), [2, 2]), 2)),
  ],
  dynamicUpdateSlice: [
    smooth('dynamicUpdateSlice', [spread([3, 4]), spread([2, 2])], (x, u) =>
      exp(dynamicUpdateSlice(x, u, ints([1, 1]))),
    ),
    smooth('dynamicUpdateSlice, pulled inside', [spread([3, 3]), spread([2, 2])], (x, u) =>
      exp(dynamicUpdateSlice(x, u, ints([5, -2]))),
    ),
  ],
  erf: [smooth('erf', [spread([2, 3])], erf)],
  exp: [smooth('exp', [spread([2, 3])], exp)],
  expand: [
    smooth('expand', [spread([2, 1])], (x) => exp(expand(x, [2, 3]))),
    smooth('expand of a scalar', [spread([])], (x) => exp(expand(x, [2, 2]))),
    smooth('expand with new axes', [spread([1, 2])], (x) => exp(expand(x, [2, 3, 2]))),
  ],
  flip: [
    smooth('flip', [spread([2, 3])], (x) => exp(flip(x, 1))),
    smooth('flip of all axes', [spread([2, 3])], (x) => mul(flip(x), x)),
  ],
  floor: [piecewise('floor', [spread([2, 3])], floor)],
  floorDivide: [piecewise('floorDivide', [spread([2, 3], 2.1, 7.3), positive([2, 3])], floorDivide)],
  gradientLink: [
    smooth('gradientLink of customVjp', [spread([3])], (x) =>
      customVjp(exp, ({ output, dy }) => [mul(dy, output)])(mul(x, x)),
    ),
  ],
  log: [smooth('log', [positive([2, 3])], log)],
  matmul: [
    smooth('matmul', [spread([2, 3]), spread([3, 4])], product),
    smooth('matmul, both transposed', [spread([3, 2]), spread([4, 3])], (a, b) =>
      matmul(a, b, { transposeA: true, transposeB: true }),
    ),
    smooth('matmul in batches', [spread([2, 2, 3]), spread([2, 3, 2])], product),
    smooth('matmul, batch broadcast on the left', [spread([2, 3]), spread([2, 3, 2])], product),
    smooth('matmul, one matrix on the right', [spread([2, 2, 3]), spread([2, 3])], (a, b) =>
      matmul(a, b, { transposeB: true }),
    ),
    smooth('matmul, batch axes of extent 1', [spread([2, 1, 2, 3]), spread([1, 2, 3, 2])], product),
    smooth('matmul of vectors', [spread([3]), spread([3], -1, 1, 0.2)], product),
    smooth('matmul of a vector and a matrix', [spread([3]), spread([3, 2])], product),
    smooth('matmul of a matrix and a vector', [spread([2, 3]), spread([3])], product),
    smooth('matmul with itself', [spread([3, 3])], (x) => matmul(x, x)),
  ],
  maximum: [
    piecewise('maximum', [spread([2, 3]), spread([2, 3], -1.2, 1.3, 0.31)], maximum),
    piecewise('maximum with a number', [spread([2, 3])], (x) => maximum(x, 0)),
  ],
  minimum: [
    piecewise('minimum', [spread([2, 3]), spread([2, 3], -1.2, 1.3, 0.31)], minimum),
    piecewise('minimum of a row', [spread([2, 3]), spread([3], -1.1, 1.2, 0.27)], minimum),
  ],
  mod: [piecewise('mod', [spread([2, 3], -4.3, 5.1), positive([2, 3])], mod)],
  mul: [
    smooth('mul', [spread([2, 3]), spread([2, 3], -1, 1, 0.4)], mul),
    smooth('mul, broadcast', [spread([2, 1, 3]), spread([4, 1])], mul),
    smooth('mul with itself', [spread([3])], (x) => mul(x, x)),
    smooth('mul with a scalar', [spread([2, 3]), spread([])], mul),
  ],
  neg: [smooth('neg', [spread([3])], neg)],
  pad: [
    smooth('pad', [spread([2, 3])], (x) =>
      exp(
        pad(x, [
          [1, 0],
          [0, 2],
        ]),
      ),
    ),
  ],
  permute: [smooth('permute', [spread([2, 3, 2])], (x) => exp(permute(x, [2, 0, 1])))],
  pow: [
    smooth('pow', [positive([2, 3]), spread([2, 3])], pow),
    smooth('pow of negative numbers', [spread([4], -2.3, -0.4)], (x) => pow(x, 3)),
    smooth('pow with a number as base', [spread([3])], (x) => pow(2, x)),
  ],
  reshape: [smooth('reshape', [spread([2, 3])], (x) => exp(reshape(x, [3, -1])))],
  roundHalfEven: [piecewise('roundHalfEven', [spread([2, 3], -3.05, 3.3)], roundHalfEven)],
  rsqrt: [smooth('rsqrt', [positive([2, 3])], rsqrt)],
  scatter: [
    smooth('scatter', [spread([4, 2]), spread([2, 2])], (x, u) => exp(scatter(x, ints([2, 0]), u))),
    smooth('scatter along axis 1', [spread([2, 4]), spread([2, 2])], (x, u) => exp(scatter(x, ints([3, 1]), u, 1))),
    smooth('scatter outside', [spread([3, 2]), spread([2, 2])], (x, u) => exp(scatter(x, ints([5, 1]), u))),
    smooth('scatter to distinct places', [spread([4, 3]), spread([3, 3])], (x, u) =>
      exp(scatter(x, ints([3, -1, 1]), u, 0, { distinct: true })),
    ),
    smooth('scatter to distinct places along axis 1', [spread([2, 4]), spread([2, 2])], (x, u) =>
      exp(scatter(x, ints([3, 0]), u, 1, { distinct: true })),
    ),
    smooth('scatter twice to one place', [spread([3, 2]), spread([3, 2])], (x, u) =>
      exp(scatter(x, ints([1, 2, 1]), u)),
    ),
  ],
  scatterAdd: [
    smooth('scatterAdd', [spread([2, 3]), spread([2, 4])], (x, u) =>
      exp(
        scatterAdd(
          x,
          ints([
            [0, 2, 2, 1],
            [1, 1, 1, 7],
          ]),
          u,
        ),
      ),
    ),
    smooth('scatterAdd along axis 0', [spread([3, 2]), spread([2, 2])], (x, u) =>
      exp(
        scatterAdd(
          x,
          ints([
            [0, 2],
            [0, -1],
          ]),
          u,
          0,
        ),
      ),
    ),
  ],
  segmentSum: [
    smooth('segmentSum', [spread([4, 2])], (x) => exp(segmentSum(x, ints([0, 2, 0, 9]), 3))),
    smooth('segmentSum along axis 1', [spread([2, 3])], (x) => exp(segmentSum(x, ints([1, 1, 0]), 2, 1))),
  ],
  sign: [piecewise('sign', [spread([2, 3])], sign)],
  sin: [smooth('sin', [spread([2, 3])], sin)],
  slice: [
    smooth('slice', [spread([3, 4])], (x) => exp(slice(x, [[1, 3], [-2]]))),
    smooth('slice, overlapping parts', [spread([4])], (x) => mul(slice(x, [[0, 3]]), slice(x, [[1, 4]]))),
  ],
  sqrt: [smooth('sqrt', [positive([2, 3])], sqrt)],
  sub: [smooth('sub', [spread([2, 3]), spread([3])], (a, b) => exp(sub(a, b)))],
  sum: [
    smooth('sum', [spread([2, 3])], (x) => exp(sum(x))),
    smooth('sum over the middle', [spread([2, 3, 2])], (x) => exp(sum(x, 1))),
    smooth('sum, axes kept', [spread([2, 3])], (x) => mul(x, sum(x, [0, 1], true))),
  ],
  take: [
    smooth('take', [spread([4, 2])], (x) => exp(take(x, ints([3, 0, 3])))),
    smooth('take by a matrix along axis 1', [spread([2, 3])], (x) =>
      exp(
        take(
          x,
          ints([
            [2, 0],
            [2, 1],
          ]),
          1,
        ),
      ),
    ),
  ],
  takeAlongAxis: [
    smooth('takeAlongAxis', [spread([2, 3])], (x) =>
      exp(
        takeAlongAxis(
          x,
          ints([
            [2, 0, 2, 1],
            [0, 0, 0, 0],
          ]),
        ),
      ),
    ),
    smooth('takeAlongAxis along axis 0', [spread([3, 2])], (x) => exp(takeAlongAxis(x, ints([[2, 0]]), 0))),
  ],
  tanh: [smooth('tanh', [spread([2, 3])], tanh)],
  where: [smooth('where', [spread([2, 3]), spread([3])], (a, b) => exp(where(mask, a, b)))],
}
