import type { OpClass } from '@almanac/test-kit'
import {
  add,
  amax,
  argmax,
  argsort,
  causalConv1d,
  cos,
  crossEntropy,
  cumsum,
  einsum,
  erf,
  exp,
  flip,
  gatherMatmul,
  gelu,
  layerNorm,
  log,
  logSoftmax,
  logsumexp,
  maskedFill,
  matmul,
  mean,
  mul,
  ne,
  neg,
  ones,
  relu,
  rmsNorm,
  rsqrt,
  scatterAdd,
  segmentedMatmul,
  segmentSum,
  sigmoid,
  silu,
  sin,
  softmax,
  softplus,
  sort,
  sqrt,
  sum,
  swiglu,
  type Tensor,
  take,
  takeAlongAxis,
  tanh,
  tensor,
  topK,
  transpose,
  where,
  zeros,
} from '../../src/index.js'

export type Attributes = Readonly<Record<string, unknown>>
export type Named = Readonly<Record<string, Tensor>>

interface GoldenOp {
  readonly opClass: OpClass
  /** PyTorch's op, said with ours. Returns the outputs by the golden's names; a single one is `y`. */
  run(inputs: Named, attributes: Attributes): Tensor | Named
}

const unary = (fn: (x: Tensor) => Tensor, opClass: OpClass): GoldenOp => ({ opClass, run: ({ x }) => fn(x as Tensor) })
const axisOf = (attributes: Attributes): number => attributes['axis'] as number

/** x with -Infinity where a mask of 0 and 1 (if there is one) has 0. */
const masked = ({ x, mask }: Named): Tensor =>
  mask ? maskedFill(x as Tensor, mask.eq(0), Number.NEGATIVE_INFINITY) : (x as Tensor)

/** Cross-entropy with label smoothing e: (1 - e) times the loss plus e times the mean loss over all classes. */
function goldenCrossEntropy({ logits, target }: Named, attributes: Attributes): Tensor {
  const [x, t] = [logits as Tensor, target as Tensor]
  const ignoreIndex = (attributes['ignore_index'] as number | undefined) ?? -100
  const reduction = attributes['reduction'] as 'mean' | 'sum' | 'none'
  const smoothing = (attributes['label_smoothing'] as number | undefined) ?? 0
  const loss = crossEntropy(x, t, { ignoreIndex, reduction })
  if (smoothing === 0) return loss
  const used = ne(t, ignoreIndex)
  const uniform = sum(where(used, neg(mean(logSoftmax(x), -1)), 0)).div(used.sum())
  return add(mul(loss, 1 - smoothing), mul(uniform, smoothing))
}

/** PyTorch's layout [B, C, T] for ours, [B, T, C]. */
function goldenConv({ x, weight, bias }: Named): Tensor {
  return transpose(causalConv1d(transpose(x as Tensor), weight as Tensor, bias))
}

export const goldenOps: Readonly<Record<string, GoldenOp>> = {
  relu: unary(relu, 'elementwise'),
  silu: unary(silu, 'transcendental'),
  gelu_erf: unary(gelu, 'transcendental'),
  gelu_tanh: unary((x) => {
    const inner = mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI))
    return mul(mul(x, 0.5), add(tanh(inner), 1))
  }, 'transcendental'),
  sigmoid: unary(sigmoid, 'transcendental'),
  tanh: unary(tanh, 'transcendental'),
  erf: unary(erf, 'transcendental'),
  exp: unary(exp, 'transcendental'),
  log: unary(log, 'transcendental'),
  sqrt: unary(sqrt, 'elementwise'),
  rsqrt: unary(rsqrt, 'elementwise'),
  sin: unary(sin, 'transcendental'),
  cos: unary(cos, 'transcendental'),
  softplus: unary(softplus, 'transcendental'),
  softmax: { opClass: 'fused', run: (inputs, attributes) => softmax(masked(inputs), axisOf(attributes)) },
  log_softmax: { opClass: 'fused', run: (inputs, attributes) => logSoftmax(masked(inputs), axisOf(attributes)) },
  logsumexp: {
    opClass: 'fused',
    run: (inputs, attributes) => logsumexp(masked(inputs), axisOf(attributes), attributes['keepdim'] === true),
  },
  cross_entropy: { opClass: 'fused', run: goldenCrossEntropy },
  rms_norm: {
    opClass: 'fused',
    run: ({ x, weight }, { eps }) =>
      rmsNorm(x as Tensor, weight ?? ones((x as Tensor).shape.slice(-1)), { eps: eps as number }),
  },
  layer_norm: {
    opClass: 'fused',
    run({ x, weight, bias }, { eps }) {
      const channels = (x as Tensor).shape.slice(-1)
      return layerNorm(x as Tensor, weight ?? ones(channels), bias ?? zeros(channels), { eps: eps as number })
    },
  },
  swiglu: { opClass: 'fused', run: ({ gate, up }) => swiglu(gate as Tensor, up as Tensor) },
  sum: { opClass: 'reduction', run: ({ x }, attributes) => sum(x as Tensor, axisOf(attributes)) },
  mean: { opClass: 'reduction', run: ({ x }, { axis }) => mean(x as Tensor, axis as number[], true) },
  max: { opClass: 'reduction', run: ({ x }, attributes) => amax(x as Tensor, axisOf(attributes)) },
  cumsum: {
    opClass: 'reduction',
    run({ x }, attributes) {
      const axis = axisOf(attributes)
      return attributes['reverse'] ? flip(cumsum(flip(x as Tensor, axis), axis), axis) : cumsum(x as Tensor, axis)
    },
  },
  gather: {
    opClass: 'reduction',
    run: ({ x, index }, attributes) => takeAlongAxis(x as Tensor, index as Tensor, axisOf(attributes)),
  },
  index_select: {
    opClass: 'reduction',
    run: ({ x, index }, attributes) => take(x as Tensor, index as Tensor, axisOf(attributes)),
  },
  scatter_add: {
    opClass: 'reduction',
    run: ({ x, index, source }, attributes) =>
      scatterAdd(x as Tensor, index as Tensor, source as Tensor, axisOf(attributes)),
  },
  index_add: {
    opClass: 'reduction',
    run({ x, index, source }, attributes) {
      const axis = axisOf(attributes)
      return add(x as Tensor, segmentSum(source as Tensor, index as Tensor, (x as Tensor).shape[axis] as number, axis))
    },
  },
  // PyTorch's scatter has an index for each element: where a source was added and x was not kept.
  scatter: {
    opClass: 'reduction',
    run({ x, index, source }, attributes) {
      const [target, ids, update] = [x as Tensor, index as Tensor, source as Tensor]
      const axis = axisOf(attributes)
      const written = scatterAdd(zeros(target.shape), ids, ones(update.shape), axis)
      return add(where(written.gt(0), 0, target), scatterAdd(zeros(target.shape), ids, update, axis))
    },
  },
  embedding: { opClass: 'reduction', run: ({ weight, index }) => take(weight as Tensor, index as Tensor) },
  einsum: {
    opClass: 'matmul',
    run: (inputs, { equation }) => einsum(equation as string, ...Object.values(inputs)),
  },
  matmul: {
    opClass: 'matmul',
    run: ({ a, b }, { transposeA, transposeB }) =>
      matmul(a as Tensor, b as Tensor, { transposeA: transposeA === true, transposeB: transposeB === true }),
  },
  segmented_matmul: {
    opClass: 'matmul',
    run: ({ x, w }, { offsets }) =>
      segmentedMatmul(x as Tensor, w as Tensor, tensor(offsets as number[], { dtype: 'int32' })),
  },
  gather_matmul: {
    opClass: 'matmul',
    run: ({ x, w, index }) => gatherMatmul(x as Tensor, w as Tensor, index as Tensor),
  },
  conv1d_depthwise_causal: { opClass: 'reduction', run: goldenConv },
  sort: {
    opClass: 'elementwise',
    run({ x }, attributes) {
      const options = { axis: axisOf(attributes), descending: attributes['descending'] === true }
      return {
        values: sort(x as Tensor, options),
        indices: argsort(x as Tensor, options),
        y: sort(x as Tensor, options),
      }
    },
  },
  topk: {
    opClass: 'elementwise',
    run({ x }, attributes) {
      const { values, indices } = topK(x as Tensor, attributes['k'] as number, axisOf(attributes))
      return { values, indices, y: values }
    },
  },
  argmax: { opClass: 'elementwise', run: ({ x }, attributes) => argmax(x as Tensor, axisOf(attributes)) },
}
