import { useSwiftShader } from './swiftshader.js'

interface DawnModule {
  create(options: string[]): GPU
}

/** Dawn, or why it does not load here. */
async function loadDawn(): Promise<DawnModule | string> {
  try {
    return (await import('webgpu')) as unknown as DawnModule
  } catch (error) {
    return `the npm package webgpu does not load: ${String(error).split('\n')[0]}`
  }
}

/**
 * Dawn on SwiftShader, which runs shaders on the CPU. Where that cannot be had, prints one line and returns null; tests
 * are then skipped.
 */
export async function swiftShaderGpu(): Promise<GPU | null> {
  const driver = useSwiftShader()
  const dawn = await loadDawn()
  const reason = typeof dawn === 'string' ? dawn : 'missing' in driver ? driver.missing : null
  if (typeof dawn !== 'string' && reason === null) {
    const gpu = dawn.create([])
    if (await gpu.requestAdapter()) return gpu
  }
  console.warn(`skipped: WebGPU on SwiftShader: ${reason ?? 'Dawn finds no adapter'}`)
  return null
}

/** Dawn's null backend: it validates shaders and calls, and executes nothing. `enabled`: toggles of Dawn. */
export async function nullGpu(...enabled: string[]): Promise<GPU | null> {
  const dawn = await loadDawn()
  const toggles = enabled.length > 0 ? [`enable-dawn-features=${enabled.join(',')}`] : []
  if (typeof dawn !== 'string') return dawn.create(['backend=null', ...toggles])
  console.warn(`skipped: validation by Dawn's null backend: ${dawn}`)
  return null
}

/** The features that change the text of kernels. */
export const KERNEL_FEATURES = ['shader-f16', 'subgroups'] as const

/** Each choice of `KERNEL_FEATURES`: what an adapter may or may not have. */
export const KERNEL_FEATURE_SETS: readonly (readonly (typeof KERNEL_FEATURES)[number][])[] = [
  [],
  ['shader-f16'],
  ['subgroups'],
  [...KERNEL_FEATURES],
]
