export { configurationOf, type KernelFamily, kernelFamily } from './kernel-family.js'
export { type OrderKey, orderKey } from './order-key.js'
export {
  type ReductionOptions,
  reduceWorkgroup,
  type WorkgroupReduction,
} from './reduce-workgroup.js'
export {
  defineWgsl,
  type GpuTraits,
  type WgslBuffer,
  type WgslContext,
  type WgslSource,
  type WgslText,
} from './wgsl-source.js'
