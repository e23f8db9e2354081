import { kernelFamily } from '../../../wgsl/kernel-family.js'
import { tile } from '../../../wgsl/tile-shape.js'

/** Tiles of large products. All of them fit what every device has: 256 invocations and 16 KiB of workgroup memory. */
export const largeTiles = kernelFamily('matmulLargeTiles', [
  tile(128, 128, 16, 8, 8),
  tile(128, 128, 8, 8, 8),
  tile(128, 64, 16, 8, 8),
  tile(64, 128, 16, 8, 8),
  tile(128, 64, 16, 8, 4),
  tile(64, 128, 16, 4, 8),
])
