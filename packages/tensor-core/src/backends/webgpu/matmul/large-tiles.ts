import { kernelFamily } from '../../../wgsl/kernel-family.js'
import { tile } from './tile-shape.js'

/**
 * Tiles of large products: each element that is read from workgroup memory is used four to eight times. All of them fit what
 * every device has: 256 invocations and 16 KiB of workgroup memory.
 */
export const largeTiles = kernelFamily('matmulLargeTiles', [
  tile(64, 64, 16, 4, 4),
  tile(64, 64, 8, 4, 4),
  tile(64, 64, 16, 8, 4),
  tile(64, 64, 16, 8, 8),
  tile(128, 64, 16, 8, 8),
  tile(64, 128, 16, 8, 8),
  tile(128, 128, 8, 8, 8),
])
