import { BackendError } from '../../errors.js'
import type { FusedDefinition, GpuKernelSource } from '../../fused/fused-definition.js'
import type { Program } from '../../schedule/program.js'

/** Every fused op's kernels, imported before anything is compiled. */
export async function fusedKernels(program: Program): Promise<Map<FusedDefinition, readonly GpuKernelSource[]>> {
  const kernels = new Map<FusedDefinition, readonly GpuKernelSource[]>()
  for (const launch of program.launches) {
    if (launch.kind !== 'fused' || kernels.has(launch.definition)) continue
    const source = launch.definition.kernels.webgpu
    if (!source) {
      throw new BackendError(`webgpu: ${launch.label}`, 'a fused op with a webgpu kernel', launch.definition.name)
    }
    const module = (await source()).default
    kernels.set(launch.definition, Array.isArray(module) ? module : [module])
  }
  return kernels
}
