export { type BlockDecoder, blockDecoder } from './block-decoder.js'
export { ENOUGH_GROUPS } from './enough-groups.js'
export { configurationOf, type KernelFamily, kernelFamily } from './kernel-family.js'
export { orderKey } from './order-key.js'
export {
  type ReductionOptions,
  reduceWorkgroup,
  type WorkgroupReduction,
} from './reduce-workgroup.js'
export { type PanelReader, type TileProduct, tileProduct } from './tile-product.js'
export { LARGE_TILE, SMALL_TILE, type TileShape, tileName, tileShapeFor, tilesOf } from './tile-shape.js'
export {
  defineWgsl,
  type GpuTraits,
  type SubgroupMatrix,
  type WgslBuffer,
  type WgslContext,
  type WgslSource,
  type WgslText,
} from './wgsl-source.js'
