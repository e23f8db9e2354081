import type { DType, StoredDType } from '../dtype.js'
import type { Tensor } from '../graph/tensor.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { Value } from '../kernel/value.js'
import type { Shape } from '../shape.js'
import type { View } from '../view.js'

/** Shape and dtype of a value, before there is one. */
export interface TensorSpec {
  readonly shape: Shape
  readonly dtype: DType
}

/** A contiguous value on the host, as the reference implementations see it; every dtype fits in a double. */
export interface HostValue extends TensorSpec {
  readonly values: Float64Array
}

export interface VjpContext<Attributes> {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  /** Cotangents, one an output; null where none reached it (at least one is there). */
  readonly cotangents: readonly (Tensor | null)[]
  readonly attributes: Attributes
  /** The cotangent of the only output. */
  readonly dy: Tensor
}

interface RecordBase<Attributes> {
  readonly name: string
  /** Shapes and dtypes of the outputs. Throws ShapeError, DTypeError or ArgumentError at the call. */
  infer(inputs: readonly TensorSpec[], attributes: Attributes): TensorSpec[]
  /** Gradients of the inputs in tensor ops; null for an input without one. `null`: the op has no gradient. */
  readonly vjp: ((context: VjpContext<Attributes>) => readonly (Tensor | null)[]) | null
}

/** One output element from the input elements at the same place. */
export interface ElementwiseRecord<Attributes = unknown> extends RecordBase<Attributes> {
  readonly kind: 'elementwise'
  /** On doubles; the backend rounds the result to the output's dtype. */
  reference(inputs: readonly number[], attributes: Attributes, output: DType): number
  /** In the kernel language, on values of one lane or of many. */
  kernel(inputs: readonly Value[], attributes: Attributes, output: DType): Value
  /** Inputs of which the result is one, as it is: the kernel may then be built for unsigned integers of their width. */
  readonly moves?: readonly number[]
}

export type ReduceCombine = 'sum' | 'max' | 'min'

/** Combines elements along axes. `combine` names the operation; its identity and order are the backend's to share. */
export interface ReduceRecord extends RecordBase<{ readonly axes: readonly number[] }> {
  readonly kind: 'reduce'
  readonly combine: ReduceCombine
}

/** The same elements seen otherwise: no work where strides can say it. */
export interface ViewRecord<Attributes = unknown> extends RecordBase<Attributes> {
  readonly kind: 'view'
  /** The input's view as the output sees it; null asks for a contiguous copy first. `output` indexes outputs. */
  view(input: View, attributes: Attributes, output: number): View | null
}

/** An output put together from pieces: concatenation and padding. */
export interface AssembleRecord<Attributes = unknown> extends RecordBase<Attributes> {
  readonly kind: 'assemble'
  /** What stands where no piece is written; undefined if the pieces cover all. */
  fill(attributes: Attributes): number | undefined
  /** Where in the (contiguous) output each input goes. */
  pieces(inputs: readonly TensorSpec[], output: TensorSpec, attributes: Attributes): View[]
}

/** An op with a kernel of its own. */
export interface OpaqueRecord<Attributes = unknown> extends RecordBase<Attributes> {
  readonly kind: 'opaque'
  /** On contiguous doubles; one array an output. */
  reference(inputs: readonly HostValue[], attributes: Attributes, outputs: readonly TensorSpec[]): Float64Array[]
  /** Floating-point operations, a multiply-add being two: for profiles. */
  flops?(inputs: readonly TensorSpec[], attributes: Attributes): number
  /** The kernel for every backend that has no better one. */
  readonly kernel: KernelSource<Attributes>
  /** Its only output is one that elementwise work may follow before it is stored (`Epilogue`). */
  readonly takesEpilogue?: boolean
  /**
   * Inputs whose elements become the outputs' as they are: the kernel is then built for an unsigned integer of their width
   * (`KernelSignature`); for 16-bit floats where the target moves those as bits.
   */
  readonly moves?: readonly number[]
  /** The kernel reads its inputs through any strides (`KernelLaunch.inputs[i].view`). Otherwise they are contiguous. */
  readonly strided?: boolean
  /** output index -> input index whose buffer it may overwrite, each element read only before its own place is written. */
  readonly inPlace?: Readonly<Record<number, number>>
  /** output index -> input index whose old contents it keeps where it does not write: a partial update. */
  readonly updates?: Readonly<Record<number, number>>
}

/** The values a source op puts into the graph: constants and counters. They are inlined into the kernels that use them. */
export interface SourceRecord<Attributes = unknown> extends RecordBase<Attributes> {
  readonly kind: 'source'
  /** Element at an index of the output. */
  reference(index: readonly number[], attributes: Attributes): number
}

// biome-ignore lint/suspicious/noExplicitAny: records of all attribute types meet in nodes
export type OpRecord<Attributes = any> =
  | ElementwiseRecord<Attributes>
  | ReduceRecord
  | ViewRecord<Attributes>
  | AssembleRecord<Attributes>
  | OpaqueRecord<Attributes>
  | SourceRecord<Attributes>

/** An operand of a launch as a kernel sees it. */
export interface KernelOperand {
  readonly dtype: DType
  readonly view: View
}

/** What is known of a launch when its parameters are written. */
export interface KernelLaunch<Attributes = unknown> {
  readonly inputs: readonly KernelOperand[]
  readonly outputs: readonly KernelOperand[]
  readonly attributes: Attributes
}

/** What is known when its code is made: nothing that would compile again for another size. */
export interface KernelSignature {
  readonly inputs: readonly { readonly dtype: DType | StoredDType }[]
  readonly outputs: readonly { readonly dtype: DType | StoredDType }[]
  /** What `variant` returned. */
  readonly variant: string
}

/**
 * Code for one launch, in the kernel language. `build` declares the input buffers, then the output buffers, then (where
 * `workspace` is there) one `uint8` readwrite buffer, then the parameters in the order in which `params` gives them.
 * Block-format operands are declared as `uint8` buffers.
 */
export interface KernelSource<Attributes = unknown> {
  /** Whatever but dtypes changes the code. Sizes belong in `params`. */
  variant?(launch: KernelLaunch<Attributes>): string
  /** 32-bit parameters; a float goes through `floatBits`. */
  params(launch: KernelLaunch<Attributes>): number[]
  build(k: KernelBuilder, signature: KernelSignature): void
  /** Where a launch runs several kernels: whether this one is needed. Default: always. */
  applies?(launch: KernelLaunch<Attributes>): boolean
  /** Bytes of scratch memory that the launch needs beside its outputs, where so many workers may run it at a time. */
  workspace?(launch: KernelLaunch<Attributes>, workers: number): number
  /** About how many scalar operations it does: little work stays on one thread. Default: from the operands' sizes. */
  work?(launch: KernelLaunch<Attributes>): number
}

/** The closed types' helper: an op record with its attributes' type inferred. */
export function defineOp<Attributes, R extends OpRecord<Attributes>>(record: R): R {
  return record
}
