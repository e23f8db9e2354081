import type { ScalarDType } from '../../dtype.js'
import type { KernelTarget } from '../../kernel/kernel-builder.js'
import type { GpuTraits } from '../../wgsl/wgsl-source.js'

/** Shaders are scalar: a GPU's vectors are its invocations. */
export const WEBGPU_TARGET: KernelTarget = { name: 'webgpu', vectorLanes: 1 }

const NARROW: readonly ScalarDType[] = ['float16', 'bfloat16', 'int8', 'uint8', 'bool']
const ALL_NARROW = new Set(NARROW)
/** Where shaders have 16-bit floats, those are written without atomics. */
const BESIDE_F16 = new Set(NARROW.filter((dtype) => dtype !== 'float16'))

/** What kernels are built for on a device. */
export const gpuTarget = ({ f16 }: GpuTraits): KernelTarget => ({
  ...WEBGPU_TARGET,
  movesBits: f16 ? BESIDE_F16 : ALL_NARROW,
})
