export { reduceWorkgroup, type WorkgroupReduction } from './reduce-workgroup.js'
export {
  defineWgsl,
  type GpuTraits,
  type SubgroupMatrix,
  type WgslBuffer,
  type WgslContext,
  type WgslSource,
  type WgslText,
} from './wgsl-source.js'
