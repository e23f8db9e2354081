export { configurationOf, type KernelFamily, kernelFamily } from './kernel-family.js'
export { reduceWorkgroup, type WorkgroupReduction } from './reduce-workgroup.js'
export {
  defineWgsl,
  type GpuTraits,
  type WgslBuffer,
  type WgslContext,
  type WgslSource,
  type WgslText,
} from './wgsl-source.js'
