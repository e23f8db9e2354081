import type { GpuTraits, SubgroupMatrix } from '../../wgsl/wgsl-source.js'

/** Dawn's experimental feature, and what an adapter's info says of it (and WebGPU's types do not). */
export const SUBGROUP_MATRIX_FEATURE = 'chromium-experimental-subgroup-matrix'
interface AdapterInfo {
  readonly subgroupMinSize?: number
  readonly subgroupMaxSize?: number
  readonly subgroupMatrixConfigs?: Iterable<{
    readonly componentType: string
    readonly resultComponentType: string
    readonly M: number
    readonly N: number
    readonly K: number
  }>
}

/** The subgroup size that shaders ask for where they may: NVIDIA's, Apple's and AMD's matrix units take 32. */
const PREFERRED_SIZE = 32

const isFloatType = (type: string): type is SubgroupMatrix['component'] => type === 'f16' || type === 'f32'

/** What kernels may use of a device: features that were asked for when it was opened, and its limits. */
export function traitsOf({ features, limits, adapterInfo }: GPUDevice): GpuTraits {
  const has = (feature: string): boolean => features.has(feature)
  const info = (adapterInfo ?? {}) as AdapterInfo
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = info
  const control = has('subgroup-size-control') && least !== most
  const size = least === most ? most : control ? Math.min(Math.max(PREFERRED_SIZE, least), most) : 0
  const matrices: SubgroupMatrix[] = []
  for (const config of has(SUBGROUP_MATRIX_FEATURE) ? (info.subgroupMatrixConfigs ?? []) : []) {
    const { componentType: component, resultComponentType: result, M: m, N: n, K: k } = config
    if (isFloatType(component) && isFloatType(result)) matrices.push({ component, result, m, n, k })
  }
  return {
    f16: has('shader-f16'),
    subgroups: has('subgroups'),
    subgroupMatrices: matrices,
    ...(size > 0 ? { subgroupSize: size } : {}),
    subgroupSizeControl: control,
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    maxWorkgroupSize: limits.maxComputeInvocationsPerWorkgroup,
  }
}
