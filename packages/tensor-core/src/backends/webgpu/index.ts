export { webgpu } from './create-webgpu-backend.js'
export type { WebGpuOptions } from './open-device.js'
export type { TuneOptions, TuningProgress } from './tuning/tune-kernels.js'
export type { Tuning } from './tuning/tuning.js'
