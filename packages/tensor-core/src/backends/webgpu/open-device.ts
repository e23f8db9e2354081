import { BackendError } from '../../errors.js'
import { onNode } from '../on-node.js'
import { describeAdapter } from './describe-adapter.js'
import { SUBGROUP_MATRIX_FEATURE } from './gpu-traits.js'
import type { Tuning } from './tuning/tuning.js'

export interface WebGpuOptions {
  /** Default: what the GPU object prefers. An adapter gives one device: after a loss it cannot open another. */
  readonly adapter?: GPUAdapter
  /** Default: `navigator.gpu`, else the npm package `webgpu` (Dawn). */
  readonly gpu?: GPU
  /** Bytes of buffers and temporaries that may be held at once. Default: no limit but the device's. */
  readonly memoryLimitBytes?: number
  /** Features without which opening fails, e.g. `['shader-f16']`; those that kernels know are used anyway where they are. */
  readonly require?: readonly GPUFeatureName[]
  /** Bytes of a buffer that a kernel may bind; operands above are bound in pieces. Default: what the adapter allows. */
  readonly maxBindingBytes?: number
  /**
   * Features that no standard promises yet, used where the adapter has them. `subgroup-matrix`: products of float16 on the
   * GPU's matrix units, by Dawn's `chromium-experimental-subgroup-matrix` (in Chrome behind the flag
   * enable-unsafe-webgpu). Its shaders pass Dawn's validator and their arithmetic is tested; no GPU has run them yet.
   */
  readonly experimental?: readonly ExperimentalFeature[]
  /** Which configurations of kernels run: what `tune` returned on this adapter. Default: the same on every adapter. */
  readonly tuning?: Tuning
}

export type ExperimentalFeature = 'subgroup-matrix'

export interface OpenedDevice {
  readonly device: GPUDevice
  /** The adapter, and the features of it that are used. */
  readonly detail: string
  /** It computes on the CPU. */
  readonly software: boolean
}

/** Used where an adapter has them, and never needed. */
const WANTED: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query']

const EXPERIMENTAL: Readonly<Record<ExperimentalFeature, readonly string[]>> = {
  'subgroup-matrix': [SUBGROUP_MATRIX_FEATURE, 'subgroup-size-control'],
}

const instances = new WeakMap<GPUDevice, GPU>()

/**
 * Opens a device with the highest limits that the adapter has.
 * @throws BackendError where there is no WebGPU, no adapter, a required feature is missing or the device is refused
 */
export async function openDevice(options: WebGpuOptions): Promise<OpenedDevice> {
  const { experimental = [] } = options
  const unknown = experimental.find((name) => !Object.hasOwn(EXPERIMENTAL, name))
  if (unknown !== undefined) {
    throw new BackendError('webgpu', `experimental features of ${Object.keys(EXPERIMENTAL).join(', ')}`, unknown)
  }
  const gpu = options.adapter
    ? null
    : (options.gpu ?? globalThis.navigator?.gpu ?? (await dawn(experimental.length > 0)))
  const adapter = options.adapter ?? (await gpu?.requestAdapter({ powerPreference: 'high-performance' }))
  if (!adapter) {
    const hint = onNode()
      ? 'In Node, Dawn needs a Vulkan, Metal or Direct3D 12 driver; on Linux, VK_ICD_FILENAMES can name one. '
      : 'The browser found no GPU that it allows (chrome://gpu says why). '
    throw new BackendError('webgpu', 'a GPU adapter', 'none', `${hint}The wasm backend needs none.`)
  }
  const { text, software } = describeAdapter(adapter)
  const missing = (options.require ?? []).filter((feature) => !adapter.features.has(feature))
  if (missing.length > 0) {
    const has = usedFeatures(adapter, options.require)
    throw new BackendError(
      'webgpu',
      `an adapter with ${missing.join(' and ')}`,
      `${text} with ${has.length > 0 ? has.join(', ') : 'none of the features that are used'}`,
      'Leave it out of `require`, or use another adapter.',
    )
  }
  const tried = experimental.flatMap((name) => EXPERIMENTAL[name]) as GPUFeatureName[]
  const features = usedFeatures(adapter, [...(options.require ?? []), ...tried])
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
      requiredFeatures: features,
    })
    // Dawn's instance must outlive its devices, and a device does not hold it.
    if (gpu) instances.set(device, gpu)
    return { device, detail: [text, ...features].join(', '), software }
  } catch (error) {
    throw new BackendError(
      'webgpu',
      'a GPU device',
      String(error),
      'An adapter gives one device: ask for a new adapter, or pass none.',
    )
  }
}

/** What of an adapter's features is asked for. */
export function usedFeatures(adapter: GPUAdapter, required: readonly GPUFeatureName[] = []): GPUFeatureName[] {
  return [...new Set([...WANTED, ...required])].filter((feature) => adapter.features.has(feature))
}

/** `unsafe`: with what Dawn holds back until a standard has it. */
async function dawn(unsafe: boolean): Promise<GPU> {
  if (!onNode()) {
    const insecure = (globalThis as { isSecureContext?: boolean }).isSecureContext === false
    throw new BackendError(
      'webgpu',
      'WebGPU in this browser',
      'no navigator.gpu',
      insecure ? 'Serve the page over https or from localhost.' : 'Use a browser that has it, or the wasm backend.',
    )
  }
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
