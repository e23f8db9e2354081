import { kernelFamily } from '../../../wgsl/kernel-family.js'
import { tile } from '../../../wgsl/tile-shape.js'

/** Tiles where large ones would be too few for the machine's cores. */
export const mediumTiles = kernelFamily('matmulMediumTiles', [
  tile(64, 64, 16, 8, 4),
  tile(64, 64, 16, 4, 4),
  tile(64, 64, 32, 8, 4),
  tile(64, 64, 16, 8, 8),
  tile(64, 32, 16, 4, 4),
  tile(32, 64, 16, 4, 4),
])
