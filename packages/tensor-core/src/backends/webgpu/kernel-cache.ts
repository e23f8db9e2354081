import type { LaunchPass } from '../../codegen/launch-pass.js'
import { BackendError } from '../../errors.js'
import { buildKernel } from '../../kernel/kernel-builder.js'
import type { KernelCode } from '../../kernel/value.js'
import type { GpuTraits } from '../../wgsl/wgsl-source.js'
import { emitTemplate } from './emit-template.js'
import { emitWgsl } from './emit-wgsl.js'
import { STAGE_COMPUTE } from './gpu-constants.js'
import { WEBGPU_TARGET } from './gpu-target.js'
import { traitsOf } from './gpu-traits.js'
import { type KernelUses, kernelUses, templateUses } from './kernel-uses.js'
import { type BindingPlan, planBindings } from './plan-bindings.js'
import { type GpuPass, isWgsl, type WgslPass } from './wgsl-pass.js'

interface Shader {
  readonly pipeline: GPUComputePipeline
  readonly layout: GPUBindGroupLayout
}

export interface CompiledKernel extends Shader {
  readonly code: KernelCode
  /** Workgroups of a pass of it, where it says so itself; they are folded into two dimensions above the limit of one. */
  readonly template: boolean
  readonly plan: BindingPlan
}

/** Pipelines by the structure of their code: neither sizes nor buffers compile anything again. */
export interface KernelCache {
  /** `identities`: one a buffer of the pass; equal ones are one GPU buffer. Throws BackendError with the shader's errors. */
  compile(pass: GpuPass, label: string, identities: readonly unknown[]): Promise<CompiledKernel>
  /** The shader of a pass whose buffers are all different. */
  text(pass: GpuPass): string
  readonly traits: GpuTraits
  /** Pipelines made so far. */
  count(): number
}

/** A kernel before its buffers' places are known. */
interface Kernel {
  readonly code: KernelCode
  readonly uses: KernelUses
  readonly template: boolean
  text(plan: BindingPlan): string
}

function languageKernel(pass: LaunchPass): Kernel {
  const code = buildKernel(pass.name, WEBGPU_TARGET, pass.build)
  const uses = kernelUses(code)
  return { code, uses, template: false, text: (plan) => emitWgsl(code, uses, plan) }
}

function templateKernel(pass: WgslPass): Kernel {
  let declared: ReturnType<WgslPass['declare']> | undefined
  const code = buildKernel(pass.name, WEBGPU_TARGET, (k) => {
    declared = pass.declare(k)
  })
  const { buffers, functions } = declared as ReturnType<WgslPass['declare']>
  const uses = templateUses(code, functions, pass.fours)
  return { code, uses, template: true, text: (plan) => emitTemplate(pass, { code, buffers, functions }, uses, plan) }
}

/** `choices`: what tuning chose. */
export function createKernelCache(device: GPUDevice, choices: Readonly<Record<string, string>> = {}): KernelCache {
  const traits = { ...traitsOf(device), choices }
  const kernels = new Map<string, Kernel>()
  const pipelines = new Map<string, Promise<CompiledKernel>>()
  const shaders = new Map<string, Promise<Shader>>()
  let count = 0

  const kernelOf = (pass: GpuPass): Kernel => {
    let kernel = kernels.get(pass.key)
    if (!kernel) {
      kernel = isWgsl(pass) ? templateKernel(pass) : languageKernel(pass)
      kernels.set(pass.key, kernel)
    }
    return kernel
  }

  /** By its text: kernels that differ in nothing that stands in it, as in the dtype of what they do not read, are one. */
  const shaderOf = (label: string, wgsl: string, plan: BindingPlan): Promise<Shader> => {
    const key = wgsl.replace(/\/\/.*$/gm, '')
    const known = shaders.get(key)
    if (known) return known
    const shader = compileShader(label, wgsl, plan)
    shaders.set(key, shader)
    shader.catch(() => shaders.delete(key))
    return shader
  }

  const compileShader = async (label: string, wgsl: string, plan: BindingPlan): Promise<Shader> => {
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
    return { pipeline: made, layout }
  }

  const compile = async (label: string, kernel: Kernel, plan: BindingPlan): Promise<CompiledKernel> => {
    const { code, template } = kernel
    return { code, template, plan, ...(await shaderOf(label, kernel.text(plan), plan)) }
  }

  return {
    compile(pass, label, identities) {
      const kernel = kernelOf(pass)
      const limit = device.limits.maxStorageBuffersPerShaderStage
      const plan = planBindings(`webgpu: ${label}`, kernel.uses.buffers, identities, limit, traits.f16)
      const key = `${pass.key}|${plan.key}`
      let compiled = pipelines.get(key)
      if (!compiled) {
        compiled = compile(label, kernel, plan)
        pipelines.set(key, compiled)
        compiled.catch(() => pipelines.delete(key))
      }
      return compiled
    },
    text(pass) {
      const kernel = kernelOf(pass)
      const { buffers } = kernel.uses
      return kernel.text(
        planBindings(
          pass.name,
          buffers,
          [...buffers.keys()],
          device.limits.maxStorageBuffersPerShaderStage,
          traits.f16,
        ),
      )
    },
    traits,
    count: () => count,
  }
}
