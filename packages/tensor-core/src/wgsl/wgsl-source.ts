import type { DType, ScalarDType, StoredDType } from '../dtype.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../kernel/value.js'
import type { KernelLaunch, KernelSignature } from '../ops/op-record.js'

/** What a GPU offers beside the core of WebGPU. Kernels use it where it is there and never need it. */
export interface GpuTraits {
  /** 16-bit floats in shaders (`shader-f16`). */
  readonly f16: boolean
  /** Reductions over a subgroup without workgroup memory. */
  readonly subgroups: boolean
  /** Products of small matrices that a subgroup does together; none where the experimental feature is not asked for. */
  readonly subgroupMatrices?: readonly SubgroupMatrix[]
  /** Invocations of every subgroup, where that is one number or can be made one. */
  readonly subgroupSize?: number
  /** Subgroups differ in size, and shaders may say which they take (`subgroup-size-control`). */
  readonly subgroupSizeControl?: boolean
  readonly maxWorkgroupBytes: number
  readonly maxWorkgroupSize: number
  /** What tuning chose, by the names of kernel families. */
  readonly choices?: Readonly<Record<string, string>>
}

/** A product [M, K] x [K, N] + [M, N] of a subgroup: the element type of the operands, and of the sums. */
export interface SubgroupMatrix {
  readonly component: 'f16' | 'f32'
  readonly result: 'f16' | 'f32'
  readonly m: number
  readonly n: number
  readonly k: number
}

/** One of the buffers of a kernel in WGSL, in the order inputs, outputs, workspace. */
export interface WgslBuffer<Name extends string = string> {
  readonly name: Name
  readonly access: BufferRef['access']
  /** Default: the operand's; `uint8` for packed blocks, which kernels read as words. `float32` for the workspace. */
  readonly dtype?: ScalarDType
  /** The kernel never touches it: it is not bound, and takes none of the few storage buffers that a stage may have. */
  readonly unused?: boolean
}

/** What the text of a kernel in WGSL is put together from: names stand for parameters and buffers, never numbers. */
export interface WgslContext<Params extends string = string, Buffers extends string = string> {
  readonly gpu: GpuTraits
  /** What `variant` returned. */
  readonly variant: string
  readonly inputs: readonly { readonly dtype: DType | StoredDType }[]
  readonly outputs: readonly { readonly dtype: DType | StoredDType }[]
  /** A parameter as an i32 expression. */
  p(name: Params): string
  /** A parameter that holds the bits of a float32 (`floatBits`). */
  f(name: Params): string
  /** The element at an index, in its compute type. */
  load(buffer: Buffers, index: string): string
  /** Four consecutive float elements as a vec4<f32>; the index is a multiple of four where the source lists it in `vectors`. */
  load4(buffer: Buffers, index: string): string
  /** As `load4`, of a float16 buffer, as a vec4<f16>: only where `gpu.f16`. */
  half4(buffer: Buffers, index: string): string
  /** A whole 32-bit word, by its index: what packed blocks are read by. */
  word(buffer: Buffers, index: string): string
  /** A statement that stores a value of the buffer's compute type. */
  store(buffer: Buffers, index: string, value: string): string
  /** A statement that stores a vec4<f32> from an index on. */
  store4(buffer: Buffers, index: string, value: string): string
  /** The WGSL name of one of `functions`. */
  call(name: string): string
}

export interface WgslText {
  /** Invocations of a workgroup, in one line. */
  readonly workgroupSize: number
  /**
   * Functions, and variables of the workgroup. They and the body may call the emitter's own functions (`f_log`, `is_nan`,
   * `from_bits` and others of `backends/webgpu/wgsl-helpers.ts`), which are put in where they are named.
   */
  readonly declarations?: string
  /**
   * Statements of `main`. They see `group` (i32: the workgroup's number, below `groups`), `lid` (i32: the invocation's number
   * in it) and, where subgroups are used, `lane` and `lanes` (u32). All of them run under uniform control flow.
   */
  readonly body: string
  readonly usesSubgroups?: boolean
  /** Invocations of its subgroups, where `gpu.subgroupSizeControl`. */
  readonly subgroupSize?: number
  /** Directives before everything else, such as `enable f16`, without their semicolons. */
  readonly directives?: readonly string[]
}

/**
 * A kernel written in WGSL for one launch: for GPUs, where workgroups that share memory are faster than invocations that
 * know nothing of each other, which is all that the kernel language says. Sizes are parameters; only what changes code is a
 * variant, so that few pipelines serve all shapes.
 */
// biome-ignore lint/suspicious/noExplicitAny: sources of all attribute types meet in launches
export interface WgslSource<Attributes = any, Params extends string = string, Buffers extends string = string> {
  readonly language: 'wgsl'
  /** Whether it runs this launch. Default: always. */
  applies?(launch: KernelLaunch<Attributes>, gpu: GpuTraits): boolean
  /** Whatever but dtypes changes the code. */
  variant?(launch: KernelLaunch<Attributes>, gpu: GpuTraits): string
  readonly paramNames: readonly Params[]
  /** 32-bit values in the order of `paramNames`. */
  params(launch: KernelLaunch<Attributes>, gpu: GpuTraits): readonly number[]
  /** Workgroups; any number, 0 for none. */
  groups(launch: KernelLaunch<Attributes>, gpu: GpuTraits): number
  /** Bytes of scratch memory. */
  workspace?(launch: KernelLaunch<Attributes>, gpu: GpuTraits): number
  readonly buffers: readonly WgslBuffer<Buffers>[]
  /**
   * Float buffers of which all that `load4` reads lies at multiples of four elements; and those that are written by `store4`
   * alone, at multiples of four, no four of them by two invocations. 16-bit floats are then read and written by whole words.
   */
  vectors?(launch: KernelLaunch<Attributes>): readonly Buffers[]
  /** Buffers between which elements go as they are: an unsigned integer stands for them, of one code for several dtypes. */
  moved?(launch: KernelLaunch<Attributes>): readonly Buffers[]
  /** Scalar functions in the kernel language, for what a naive kernel has already. */
  functions?(
    k: KernelBuilder,
    of: { readonly buffers: Readonly<Record<Buffers, BufferRef>>; readonly params: Readonly<Record<Params, Value>> },
    signature: KernelSignature,
  ): Readonly<Record<string, KernelFunction>>
  text(context: WgslContext<Params, Buffers>): WgslText
}

/** The source as it is, with the names of its parameters and buffers checked in its text. */
export function defineWgsl<
  // biome-ignore lint/suspicious/noExplicitAny: as above
  Attributes = any,
  const Params extends string = string,
  const Buffers extends string = string,
>(source: Omit<WgslSource<Attributes, Params, Buffers>, 'language'>): WgslSource<Attributes> {
  return { language: 'wgsl', ...source } as unknown as WgslSource<Attributes>
}
