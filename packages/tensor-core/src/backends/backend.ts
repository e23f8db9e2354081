import type { FusedDefinition } from '../fused/fused-definition.js'
import type { TensorSpec } from '../ops/op-record.js'
import type { KernelTimer } from '../profile/kernel-run.js'
import type { Program } from '../schedule/program.js'
import type { TuneOptions } from './webgpu/tuning/tune-kernels.js'
import type { Tuning } from './webgpu/tuning/tuning.js'

/** A buffer of a backend; only the backend that made it knows what it is. */
export interface BufferHandle {
  readonly byteLength: number
}

/** A loaded program; only the backend that made it knows what it is. */
export interface Executable {
  readonly program: Program
  /** Bytes of temporaries and workspaces that running it takes, beside the bound buffers. */
  readonly temporaryBytes: number
  /** Of these, the most that are alive at one launch: what no packing can go below. */
  readonly peakBytes: number
}

export interface BackendLimits {
  /** The largest single buffer. */
  readonly maxBufferBytes: number
  /** 4; 8 where every float dtype is stored and computed as float64 (the cpu backend's gradcheck mode). */
  readonly floatBytes: 4 | 8
  /** Operands of one kernel, up to which maps are joined. Default: 8, what every GPU has. */
  readonly maxOperands?: number
}

/**
 * Six methods and two questions. Buffers are untyped bytes; a whole program is the unit of work.
 * Calls are made one at a time, in order, by the device's queue: a backend needs no lock of its own.
 */
export interface Backend {
  readonly name: string
  /** What it runs on: adapter and features, threads and instructions. */
  readonly detail?: string
  readonly limits: BackendLimits
  /** True if `load` will take a launch of this fused op; otherwise the plan holds its fallback. */
  supports(definition: FusedDefinition, inputs: readonly TensorSpec[], attributes: unknown): boolean
  /** Contents are unspecified. Throws MemoryLimitError. */
  alloc(byteLength: number): BufferHandle
  free(buffer: BufferHandle): void
  write(buffer: BufferHandle, bytes: Uint8Array, byteOffset?: number): void
  /** A copy of the bytes, after all earlier runs. */
  read(buffer: BufferHandle, byteOffset: number, byteLength: number): Promise<Uint8Array>
  /** Compiles every kernel that is not compiled yet. Throws MemoryLimitError if the plan cannot fit. */
  load(program: Program): Promise<Executable>
  /** Releases what `load` holds for this program alone; compiled kernels stay. */
  unload(executable: Executable): void
  /** `bindings`: one buffer for each bound slot, in slot order. Resolves when the results can be read. */
  run(executable: Executable, bindings: readonly BufferHandle[]): Promise<void>
  /** Bytes held now: user buffers and the backend's own (arena, pools). */
  memory(): BackendMemory
  /** Where the backend runs kernels: the text of those that `load` would make, for each launch. For reading only. */
  print?(program: Program): Promise<readonly (readonly string[])[]>
  /** Where the backend can take the times of kernels. */
  readonly timer?: KernelTimer
  /** Resolves with what happened when the device behind it is gone for good; every call throws DeviceLostError then. */
  readonly lost?: Promise<string>
  /** Where kernels have several configurations: times them and says which is fastest. */
  tune?(options: TuneOptions): Promise<Tuning>
  /** Ends workers and frees everything; the backend is unusable afterwards. */
  close(): Promise<void>
}

export interface BackendMemory {
  readonly liveBuffers: number
  readonly liveBytes: number
  /** What holds the plan's temporaries: packed for the largest loaded program. 0 where a backend packs nothing (cpu). */
  readonly arenaBytes: number
  /** The most bytes of temporaries and workspaces alive at one launch of any loaded program; packing loses what arenaBytes is above. */
  readonly peakBytes: number
  /** Kernels compiled since the backend started. */
  readonly kernelsCompiled: number
}
