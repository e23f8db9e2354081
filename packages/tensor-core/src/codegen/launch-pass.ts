import type { KernelBuilder } from '../kernel/kernel-builder.js'

/** What stands behind a kernel's buffer argument: a slot of the program, or the launch's scratch memory. */
export type BufferBinding = { readonly slot: number; readonly access: 'read' | 'write' } | 'workspace'

/**
 * One kernel call. A launch lowers to one pass or to several that run in order; the passes of one launch share one
 * workspace, so that an earlier one can leave results there for a later one.
 */
export interface LaunchPass {
  /** Equal keys mean equal code: structure only, never a size or the value of a constant. */
  readonly key: string
  /** For listings and profiles. */
  readonly name: string
  /** In the order in which `build` declares them. */
  readonly buffers: readonly BufferBinding[]
  /** 32-bit words, in the order in which `build` declares them. */
  readonly params: readonly number[]
  readonly workspaceBytes: number
  /** About how many scalar operations it does: what decides whether it is worth more than one thread. */
  readonly work: number
  build(k: KernelBuilder): void
}
