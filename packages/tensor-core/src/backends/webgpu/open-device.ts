import { BackendError } from '../../errors.js'
import { SUBGROUP_MATRIX_FEATURE } from './gpu-traits.js'

export interface WebGpuOptions {
  /** Default: what the GPU object prefers. */
  readonly adapter?: GPUAdapter
  /** Default: `navigator.gpu`, else the npm package `webgpu` (Dawn). */
  readonly gpu?: GPU
  /** Bytes of buffers and temporaries that may be held at once. Default: no limit but the device's. */
  readonly memoryLimitBytes?: number
  /**
   * Features that no standard promises yet, used where the adapter has them. `subgroup-matrix`: products of float16 on the
   * GPU's matrix units, by Dawn's `chromium-experimental-subgroup-matrix` (in Chrome behind the flag
   * enable-unsafe-webgpu). Its shaders pass Dawn's validator and their arithmetic is tested; no GPU has run them yet.
   */
  readonly experimental?: readonly ExperimentalFeature[]
}

export type ExperimentalFeature = 'subgroup-matrix'

/** Used where an adapter has them, and never needed. */
const WANTED = ['shader-f16', 'subgroups', 'timestamp-query']
const EXPERIMENTAL: Readonly<Record<ExperimentalFeature, readonly string[]>> = {
  'subgroup-matrix': [SUBGROUP_MATRIX_FEATURE, 'subgroup-size-control'],
}

const instances = new WeakMap<GPUDevice, GPU>()

/** Opens a device with the highest limits that the adapter has. Throws BackendError where there is none. */
export async function openDevice(options: WebGpuOptions): Promise<GPUDevice> {
  const { experimental = [] } = options
  const unknown = experimental.find((name) => !(name in EXPERIMENTAL))
  if (unknown !== undefined) {
    throw new BackendError('webgpu', `experimental features of ${Object.keys(EXPERIMENTAL).join(', ')}`, unknown)
  }
  const gpu = options.adapter
    ? null
    : (options.gpu ?? globalThis.navigator?.gpu ?? (await dawn(experimental.length > 0)))
  const adapter = options.adapter ?? (await gpu?.requestAdapter({ powerPreference: 'high-performance' }))
  if (!adapter) {
    throw new BackendError(
      'webgpu',
      'a GPU adapter',
      'none',
      'In Node, Dawn needs a Vulkan, Metal or Direct3D 12 driver; on Linux, VK_ICD_FILENAMES can name one.',
    )
  }
  const {
    maxStorageBuffersPerShaderStage,
    maxStorageBufferBindingSize,
    maxBufferSize,
    maxComputeWorkgroupStorageSize,
  } = adapter.limits
  try {
    const device = await adapter.requestDevice({
      label: 'almanac',
      requiredLimits: {
        maxStorageBuffersPerShaderStage,
        maxStorageBufferBindingSize,
        maxBufferSize,
        maxComputeWorkgroupStorageSize,
      },
      requiredFeatures: [...WANTED, ...experimental.flatMap((name) => EXPERIMENTAL[name])].filter((feature) =>
        adapter.features.has(feature),
      ) as GPUFeatureName[],
    })
    // Dawn's instance must outlive its devices, and a device does not hold it.
    if (gpu) instances.set(device, gpu)
    return device
  } catch (error) {
    throw new BackendError(
      'webgpu',
      'a GPU device',
      String(error),
      'An adapter gives one device: ask for a new adapter.',
    )
  }
}

async function dawn(unsafe: boolean): Promise<GPU> {
  // Not a literal, so that bundlers for the browser do not look for an optional package.
  const name = 'webgpu'
  let module: { create(options: string[]): GPU }
  try {
    module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as typeof module
  } catch (error) {
    throw new BackendError(
      'webgpu',
      'WebGPU in this environment',
      `no navigator.gpu, and the npm package \`webgpu\` does not load (${String(error)})`,
      'Install it (npm install webgpu), or use the wasm backend.',
    )
  }
  return module.create(unsafe ? ['enable-dawn-features=allow_unsafe_apis'] : [])
}
