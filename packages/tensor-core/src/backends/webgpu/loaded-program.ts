import { BackendError } from '../../errors.js'
import type { FusedDefinition, GpuKernelSource } from '../../fused/fused-definition.js'
import type { Program } from '../../schedule/program.js'
import type { GpuTraits } from '../../wgsl/wgsl-source.js'
import type { BufferHandle, Executable } from '../backend.js'
import type { PreparedProgram } from './prepare-program.js'

export interface LoadedProgram extends Executable {
  readonly fused: ReadonlyMap<FusedDefinition, readonly GpuKernelSource[]>
  readonly traits: GpuTraits
  /** By the aliasing of the bound buffers: almost always one. */
  readonly variants: Map<string, LoadedVariant>
}

export interface LoadedVariant extends PreparedProgram {
  /** The last bind group of each step, and the buffers that it binds. */
  readonly groups: { buffers: readonly GPUBuffer[]; group: GPUBindGroup }[]
}

/** For each slot the first slot bound to the same buffer. */
export function aliasesOf(program: Program, bound: readonly GPUBuffer[]): number[] {
  const first = new Map<GPUBuffer, number>()
  let at = 0
  return program.slots.map((slot, index) => {
    if (slot.role !== 'bound') return index
    const buffer = bound[at++] as GPUBuffer
    const known = first.get(buffer)
    if (known === undefined) first.set(buffer, index)
    return known ?? index
  })
}

export function checkBindings(program: Program, bindings: readonly BufferHandle[]): void {
  const slots = program.slots.filter((slot) => slot.role === 'bound')
  if (slots.length === bindings.length) return
  throw new BackendError('webgpu run', `${slots.length} buffers, one a bound slot`, `${bindings.length}`)
}
