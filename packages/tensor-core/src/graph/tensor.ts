// Over 400 lines because every op is a method here too; each only forwards to the function of its name.
import { gelu } from '../compositions/gelu.js'
import { logsumexp } from '../compositions/logsumexp.js'
import { maskedFill } from '../compositions/masked-fill.js'
import { relu } from '../compositions/relu.js'
import { sigmoid } from '../compositions/sigmoid.js'
import { silu } from '../compositions/silu.js'
import { softplus } from '../compositions/softplus.js'
import { square } from '../compositions/square.js'
import type { NestedNumbers } from '../create.js'
import type { Device } from '../device.js'
import { type DType, dtypeName } from '../dtype.js'
import { UseAfterDisposeError } from '../errors.js'
import { logSoftmax } from '../fused/log-softmax.js'
import { softmax } from '../fused/softmax.js'
import { abs } from '../ops/abs.js'
import { add } from '../ops/add.js'
import { amax } from '../ops/amax.js'
import { amin } from '../ops/amin.js'
import { argmax, argmin } from '../ops/argmax.js'
import { argsort, sort } from '../ops/argsort.js'
import { bitAnd } from '../ops/bit-and.js'
import { bitNot } from '../ops/bit-not.js'
import { bitOr } from '../ops/bit-or.js'
import { bitXor } from '../ops/bit-xor.js'
import { bitcast } from '../ops/bitcast.js'
import { cast } from '../ops/cast.js'
import { ge, gt, ne } from '../ops/compare.js'
import { copy } from '../ops/copy.js'
import { cos } from '../ops/cos.js'
import { cumsum } from '../ops/cumsum.js'
import { div } from '../ops/div.js'
import { eq } from '../ops/eq.js'
import { erf } from '../ops/erf.js'
import { exp } from '../ops/exp.js'
import { expand } from '../ops/expand.js'
import { flip } from '../ops/flip.js'
import { floor } from '../ops/floor.js'
import { floorDivide } from '../ops/floor-divide.js'
import { zerosLike } from '../ops/full.js'
import { le } from '../ops/le.js'
import { log } from '../ops/log.js'
import { logicalNot } from '../ops/logical-not.js'
import { lt } from '../ops/lt.js'
import type { MatmulOptions } from '../ops/matmul.js'
import { matmul } from '../ops/matmul.js'
import { maximum } from '../ops/maximum.js'
import { mean } from '../ops/mean.js'
import { minimum } from '../ops/minimum.js'
import { mod } from '../ops/mod.js'
import { mul } from '../ops/mul.js'
import { neg } from '../ops/neg.js'
import { pad } from '../ops/pad.js'
import { permute, transpose } from '../ops/permute.js'
import { pow } from '../ops/pow.js'
import { reshape } from '../ops/reshape.js'
import { roundHalfEven } from '../ops/round-half-even.js'
import { rsqrt } from '../ops/rsqrt.js'
import { type ScatterOptions, scatter } from '../ops/scatter.js'
import { scatterAdd } from '../ops/scatter-add.js'
import { shiftLeft } from '../ops/shift-left.js'
import { shiftRight } from '../ops/shift-right.js'
import { sign } from '../ops/sign.js'
import { sin } from '../ops/sin.js'
import { slice, split } from '../ops/slice.js'
import { sqrt } from '../ops/sqrt.js'
import { squeeze, unsqueeze } from '../ops/squeeze.js'
import { stopGradient } from '../ops/stop-gradient.js'
import { sub } from '../ops/sub.js'
import { sum } from '../ops/sum.js'
import { take } from '../ops/take.js'
import { takeAlongAxis } from '../ops/take-along-axis.js'
import { tanh } from '../ops/tanh.js'
import { topK } from '../ops/top-k.js'
import { disposeTensor } from '../realize/dispose-tensor.js'
import { moveTo } from '../realize/move-to.js'
import { type ElementArray, readBytes, readData, readItem, readNested } from '../realize/read-data.js'
import { type RealizeOptions, realizeAll, refuseInTrace } from '../realize/realize.js'
import { formatShape, type Shape, sizeOf } from '../shape.js'
import type { Node } from './node.js'
import type { TensorLike } from './tensor-like.js'

/**
 * A value of the lazy graph: shape and dtype are known at once, elements when they are asked for (`await x.data()`).
 * Methods only forward to the functions of the same names; see those for shapes and errors.
 */
export class Tensor {
  readonly node: Node
  /** Which of the node's outputs. */
  readonly index: number

  constructor(node: Node, index: number) {
    this.node = node
    this.index = index
  }

  get shape(): Shape {
    return (this.node.outputs[this.index] as { shape: Shape }).shape
  }

  get dtype(): DType {
    return (this.node.outputs[this.index] as { dtype: DType }).dtype
  }

  get rank(): number {
    return this.shape.length
  }

  /** Elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** null: not bound to a device; it is computed wherever it is used. */
  get device(): Device | null {
    return this.node.device
  }

  /** Throws UseAfterDisposeError if the tensor was disposed. */
  checkAlive(where: string): void {
    if (disposed.has(this.node)) {
      throw new UseAfterDisposeError(
        where,
        'a live tensor',
        `one of shape ${formatShape(this.shape)} that was disposed`,
        'Dispose it after its last use.',
      )
    }
  }

  /** Shape and dtype; never the values, which may not be there yet. */
  toString(): string {
    return `Tensor(${formatShape(this.shape)}, ${dtypeName(this.dtype)})`
  }

  /** The values, row-major, in a typed array of the dtype's kind (float16 and bfloat16 as Float32Array, bool as Uint8Array). */
  data(options?: RealizeOptions): Promise<ElementArray> {
    refuseInTrace('data')
    return readData(this, options)
  }

  /** The only element. Throws ShapeError if there are more. */
  item(options?: RealizeOptions): Promise<number> {
    refuseInTrace('item')
    return readItem(this, options)
  }

  /** The values as nested arrays. */
  toArray(options?: RealizeOptions): Promise<NestedNumbers> {
    refuseInTrace('toArray')
    return readNested(this, options)
  }

  /** The bytes as stored. */
  bytes(options?: RealizeOptions): Promise<Uint8Array> {
    refuseInTrace('bytes')
    return readBytes(this, options)
  }

  /** Computes the tensor and keeps it on its device. */
  realize(options?: RealizeOptions): Promise<this> {
    return realizeAll([this], options).then(() => this)
  }

  /** A copy on another device. */
  to(device: Device): Promise<Tensor> {
    return moveTo(this, device)
  }

  /** Frees the memory now; any use afterwards throws UseAfterDisposeError. Disposing twice is allowed. */
  dispose(): void {
    disposeTensor(this)
  }

  [Symbol.dispose](): void {
    disposeTensor(this)
  }

  /** -x. */
  neg(): Tensor {
    return neg(this)
  }

  /** e^x. */
  exp(): Tensor {
    return exp(this)
  }

  /** Natural logarithm. */
  log(): Tensor {
    return log(this)
  }

  /** Sine of radians. */
  sin(): Tensor {
    return sin(this)
  }

  /** Cosine of radians. */
  cos(): Tensor {
    return cos(this)
  }

  /** Square root. */
  sqrt(): Tensor {
    return sqrt(this)
  }

  /** 1 / sqrt(x). */
  rsqrt(): Tensor {
    return rsqrt(this)
  }

  /** Hyperbolic tangent. */
  tanh(): Tensor {
    return tanh(this)
  }

  /** Error function. */
  erf(): Tensor {
    return erf(this)
  }

  /** Largest whole number not above. */
  floor(): Tensor {
    return floor(this)
  }

  /** Absolute value. */
  abs(): Tensor {
    return abs(this)
  }

  /** -1, 0 or 1. */
  sign(): Tensor {
    return sign(this)
  }

  /** Nearest whole number, halves to even. */
  roundHalfEven(): Tensor {
    return roundHalfEven(this)
  }

  /** Not, on bools. */
  logicalNot(): Tensor {
    return logicalNot(this)
  }

  /** Every bit flipped. */
  bitNot(): Tensor {
    return bitNot(this)
  }

  /** x + other, broadcast. */
  add(other: TensorLike): Tensor {
    return add(this, other)
  }

  /** x - other, broadcast. */
  sub(other: TensorLike): Tensor {
    return sub(this, other)
  }

  /** x * other, broadcast. */
  mul(other: TensorLike): Tensor {
    return mul(this, other)
  }

  /** x / other, broadcast; integers as float32. */
  div(other: TensorLike): Tensor {
    return div(this, other)
  }

  /** Remainder with the sign of the divisor. */
  mod(other: TensorLike): Tensor {
    return mod(this, other)
  }

  /** The larger of the two. */
  maximum(other: TensorLike): Tensor {
    return maximum(this, other)
  }

  /** The smaller of the two. */
  minimum(other: TensorLike): Tensor {
    return minimum(this, other)
  }

  /** x to the power of other. */
  pow(other: TensorLike): Tensor {
    return pow(this, other)
  }

  /** x < other. */
  lt(other: TensorLike): Tensor {
    return lt(this, other)
  }

  /** x <= other. */
  le(other: TensorLike): Tensor {
    return le(this, other)
  }

  /** x = other. */
  eq(other: TensorLike): Tensor {
    return eq(this, other)
  }

  /** x > other. */
  gt(other: TensorLike): Tensor {
    return gt(this, other)
  }

  /** x >= other. */
  ge(other: TensorLike): Tensor {
    return ge(this, other)
  }

  /** x differs from other. */
  ne(other: TensorLike): Tensor {
    return ne(this, other)
  }

  /** floor(x / other). */
  floorDivide(other: TensorLike): Tensor {
    return floorDivide(this, other)
  }

  /** Bitwise or logical and. */
  bitAnd(other: TensorLike): Tensor {
    return bitAnd(this, other)
  }

  /** Bitwise or logical or. */
  bitOr(other: TensorLike): Tensor {
    return bitOr(this, other)
  }

  /** Bitwise or logical exclusive or. */
  bitXor(other: TensorLike): Tensor {
    return bitXor(this, other)
  }

  /** x * 2^other on bits. */
  shiftLeft(other: TensorLike): Tensor {
    return shiftLeft(this, other)
  }

  /** x / 2^other rounded down, on bits. */
  shiftRight(other: TensorLike): Tensor {
    return shiftRight(this, other)
  }

  /** The same values under another dtype; block formats encode and decode. */
  cast(dtype: DType): Tensor {
    return cast(this, dtype)
  }

  /** The same bits under another 32-bit dtype. */
  bitcast(dtype: 'float32' | 'int32' | 'uint32'): Tensor {
    return bitcast(this, dtype)
  }

  /** Sum over axes. */
  sum(axes?: number | readonly number[], keepDims = false): Tensor {
    return sum(this, axes, keepDims)
  }

  /** Mean over axes. */
  mean(axes?: number | readonly number[], keepDims = false): Tensor {
    return mean(this, axes, keepDims)
  }

  /** Maximum over axes. */
  amax(axes?: number | readonly number[], keepDims = false): Tensor {
    return amax(this, axes, keepDims)
  }

  /** Minimum over axes. */
  amin(axes?: number | readonly number[], keepDims = false): Tensor {
    return amin(this, axes, keepDims)
  }

  /** Index of the largest element along an axis. */
  argmax(axis = -1, keepDims = false): Tensor {
    return argmax(this, axis, keepDims)
  }

  /** Index of the smallest element along an axis. */
  argmin(axis = -1, keepDims = false): Tensor {
    return argmin(this, axis, keepDims)
  }

  /** Indices that put x in order. */
  argsort(options?: { readonly axis?: number; readonly descending?: boolean }): Tensor {
    return argsort(this, options)
  }

  /** x in order. */
  sort(options?: { readonly axis?: number; readonly descending?: boolean }): Tensor {
    return sort(this, options)
  }

  /** The k largest and their indices. */
  topK(k: number, axis = -1): { values: Tensor; indices: Tensor } {
    return topK(this, k, axis)
  }

  /** Running sum. */
  cumsum(axis = -1): Tensor {
    return cumsum(this, axis)
  }

  /** Another shape; one extent may be -1. */
  reshape(shape: Shape): Tensor {
    return reshape(this, shape)
  }

  /** Axes in another order. */
  permute(order: readonly number[]): Tensor {
    return permute(this, order)
  }

  /** Two axes exchanged, the last two by default. */
  transpose(a = -1, b = -2): Tensor {
    return transpose(this, a, b)
  }

  /** Broadcast to a shape. */
  expand(shape: Shape): Tensor {
    return expand(this, shape)
  }

  /** A box of elements; see `slice`. */
  slice(ranges: readonly (readonly [start: number, end?: number] | null)[]): Tensor {
    return slice(this, ranges)
  }

  /** Pieces along an axis. */
  split(extents: readonly number[], axis = 0): Tensor[] {
    return split(this, extents, axis)
  }

  /** Axes read backwards. */
  flip(axes?: number | readonly number[]): Tensor {
    return flip(this, axes)
  }

  /** A border of a constant. */
  pad(padding: readonly (readonly [before: number, after: number])[], value = 0): Tensor {
    return pad(this, padding, value)
  }

  /** Slices picked by indices along an axis. */
  take(indices: TensorLike, axis = 0): Tensor {
    return take(this, indices, axis)
  }

  /** Elements picked along an axis. */
  takeAlongAxis(indices: TensorLike, axis = -1): Tensor {
    return takeAlongAxis(this, indices, axis)
  }

  /** Additions at indexed places. */
  scatterAdd(indices: TensorLike, updates: TensorLike, axis = -1): Tensor {
    return scatterAdd(this, indices, updates, axis)
  }

  /** Slices replaced at indices. */
  scatter(indices: TensorLike, updates: TensorLike, axis = 0, options: ScatterOptions = {}): Tensor {
    return scatter(this, indices, updates, axis, options)
  }

  /** Matrix product. */
  matmul(other: TensorLike, options?: MatmulOptions): Tensor {
    return matmul(this, other, options)
  }

  /** x, as a constant to `grad`. */
  stopGradient(): Tensor {
    return stopGradient(this)
  }

  /** Axes of extent 1 taken out. */
  squeeze(axes?: number | readonly number[]): Tensor {
    return squeeze(this, axes)
  }

  /** A new axis of extent 1. */
  unsqueeze(axis: number): Tensor {
    return unsqueeze(this, axis)
  }

  /** Zeros of the same shape and dtype. */
  zerosLike(): Tensor {
    return zerosLike(this)
  }

  /** max(x, 0). */
  relu(): Tensor {
    return relu(this)
  }

  /** 1 / (1 + e^-x). */
  sigmoid(): Tensor {
    return sigmoid(this)
  }

  /** x * sigmoid(x). */
  silu(): Tensor {
    return silu(this)
  }

  /** x * Phi(x), with the exact normal distribution. */
  gelu(): Tensor {
    return gelu(this)
  }

  /** log(1 + e^x). */
  softplus(): Tensor {
    return softplus(this)
  }

  /** x * x. */
  square(): Tensor {
    return square(this)
  }

  /** `value` where the mask holds. */
  maskedFill(mask: TensorLike, value: number): Tensor {
    return maskedFill(this, mask, value)
  }

  /** log of the sum of e^x over axes. */
  logsumexp(axes?: number | readonly number[], keepDims = false): Tensor {
    return logsumexp(this, axes, keepDims)
  }

  /** Softmax along an axis. */
  softmax(axis = -1): Tensor {
    return softmax(this, axis)
  }

  /** Logarithm of the softmax. */
  logSoftmax(axis = -1): Tensor {
    return logSoftmax(this, axis)
  }

  /** A lazy copy, apart from any State that x reads. */
  copy(): Tensor {
    return copy(this)
  }
}

const disposed = new WeakSet<Node>()

export const isDisposed = (node: Node): boolean => disposed.has(node)

/** Marks a node as disposed: any op on it throws from now on. Returns false if it was already. */
export function markDisposed(node: Node): boolean {
  if (disposed.has(node)) return false
  disposed.add(node)
  return true
}
