import type { LaunchPass } from '../../codegen/launch-pass.js'
import { BackendError } from '../../errors.js'
import { buildKernel, type KernelTarget } from '../../kernel/kernel-builder.js'
import type { KernelCode } from '../../kernel/value.js'
import { emitWgsl } from './emit-wgsl.js'
import { STAGE_COMPUTE } from './gpu-constants.js'
import { type KernelUses, kernelUses } from './kernel-uses.js'
import { type BindingPlan, planBindings } from './plan-bindings.js'

/** Shaders are scalar: a GPU's vectors are its invocations. */
export const WEBGPU_TARGET: KernelTarget = { name: 'webgpu', vectorLanes: 1 }

export interface CompiledKernel {
  readonly code: KernelCode
  readonly plan: BindingPlan
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

/** Pipelines by the structure of their code: neither sizes nor buffers compile anything again. */
export interface KernelCache {
  /** `identities`: one a buffer of the pass; equal ones are one GPU buffer. Throws BackendError with the shader's errors. */
  compile(pass: LaunchPass, label: string, identities: readonly unknown[]): Promise<CompiledKernel>
  /** Pipelines made so far. */
  count(): number
}

export function createKernelCache(device: GPUDevice): KernelCache {
  const kernels = new Map<string, { code: KernelCode; uses: KernelUses }>()
  const pipelines = new Map<string, Promise<CompiledKernel>>()
  let count = 0

  const kernelOf = (pass: LaunchPass): { code: KernelCode; uses: KernelUses } => {
    let kernel = kernels.get(pass.key)
    if (!kernel) {
      const code = buildKernel(pass.name, WEBGPU_TARGET, pass.build)
      kernel = { code, uses: kernelUses(code) }
      kernels.set(pass.key, kernel)
    }
    return kernel
  }

  const compile = async (
    label: string,
    code: KernelCode,
    uses: KernelUses,
    plan: BindingPlan,
  ): Promise<CompiledKernel> => {
    const wgsl = emitWgsl(code, uses, plan)
    device.pushErrorScope('validation')
    const module = device.createShaderModule({ label, code: wgsl })
    const layout = device.createBindGroupLayout({
      label,
      entries: [
        { binding: 0, visibility: STAGE_COMPUTE, buffer: { type: 'uniform' } },
        ...plan.bindings.map(({ access }, at) => ({
          binding: at + 1,
          visibility: STAGE_COMPUTE,
          buffer: { type: access === 'read' ? ('read-only-storage' as const) : ('storage' as const) },
        })),
      ],
    })
    const scope = device.popErrorScope()
    const pipeline = device
      .createComputePipelineAsync({
        label,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      })
      .catch((error: unknown) => String(error))
    const refused = await scope
    const made = await pipeline
    if (refused || typeof made === 'string') {
      const reason = refused?.message ?? made
      throw new BackendError(`webgpu: ${label}`, 'a shader that compiles', `${reason}\n${wgsl}`)
    }
    count++
    return { code, plan, pipeline: made, layout }
  }

  return {
    compile(pass, label, identities) {
      const { code, uses } = kernelOf(pass)
      const limit = device.limits.maxStorageBuffersPerShaderStage
      const plan = planBindings(`webgpu: ${label}`, uses.buffers, identities, limit)
      const key = `${pass.key}|${plan.key}`
      let compiled = pipelines.get(key)
      if (!compiled) {
        compiled = compile(label, code, uses, plan)
        pipelines.set(key, compiled)
        compiled.catch(() => pipelines.delete(key))
      }
      return compiled
    },
    count: () => count,
  }
}
