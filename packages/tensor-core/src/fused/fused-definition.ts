import type { Tensor } from '../graph/tensor.js'
import type { KernelSource, TensorSpec, VjpContext } from '../ops/op-record.js'
import type { WgslSource } from '../wgsl/wgsl-source.js'

/** A module that holds a fused op's kernel for one backend: launches run in order, each over the same operands. */
export interface FusedKernelModule<Attributes = unknown> {
  readonly default: KernelSource<Attributes> | readonly KernelSource<Attributes>[]
}

/** The same for a GPU: kernels in the kernel language or in WGSL. */
export interface FusedGpuModule<Attributes = unknown> {
  readonly default: GpuKernelSource<Attributes> | readonly GpuKernelSource<Attributes>[]
}

export type GpuKernelSource<Attributes = unknown> = KernelSource<Attributes> | WgslSource<Attributes>

/** A fused op as nodes and programs hold it: inputs in a list, options apart. */
// biome-ignore lint/suspicious/noExplicitAny: definitions of all attribute types meet in nodes and programs
export interface FusedDefinition<Attributes = any> {
  readonly name: string
  /** Written in primitives (or other fused ops). Returns one tensor, or several. */
  fallback(inputs: readonly Tensor[], attributes: Attributes): Tensor | readonly Tensor[]
  /**
   * Shapes and dtypes of the outputs, one or a list as the fallback gives them; throws what the fallback would. Default: those
   * of the fallback, which is then written out at every call, so that none of its tensors may be larger than tensors can be.
   */
  infer?(inputs: readonly TensorSpec[], attributes: Attributes): TensorSpec | readonly TensorSpec[]
  readonly kernels: {
    readonly wasm?: () => Promise<FusedKernelModule<Attributes>>
    readonly webgpu?: () => Promise<FusedGpuModule<Attributes>>
  }
  /** Whether the kernels take these inputs; where they do not, the fallback runs. Default: always. */
  supports?(inputs: readonly TensorSpec[], attributes: Attributes): boolean
  /** Floating-point operations, a multiply-add being two: for profiles. */
  flops?(inputs: readonly TensorSpec[], attributes: Attributes): number
  vjp?(context: VjpContext<Attributes>): readonly (Tensor | null)[]
  /** Inputs are handed to the kernel with any strides. Default: contiguous. */
  readonly strided?: boolean
  /** output index -> input index whose buffer it may overwrite: element i is read only before element i is written. */
  readonly inPlace?: Readonly<Record<number, number>>
}
