export { webgpu } from './create-webgpu-backend.js'
export type { WebGpuOptions } from './open-device.js'
export { probeWebGpu } from './probe-webgpu.js'
