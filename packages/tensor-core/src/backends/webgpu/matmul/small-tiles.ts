import { kernelFamily } from '../../../wgsl/kernel-family.js'
import { tile } from './tile-shape.js'

/** Tiles where large ones would be too few for the machine's cores, or mostly outside the matrix. */
export const smallTiles = kernelFamily('matmulSmallTiles', [
  tile(32, 32, 16, 4, 4),
  tile(32, 32, 32, 4, 4),
  tile(32, 32, 16, 2, 4),
  tile(32, 64, 16, 4, 4),
  tile(16, 64, 16, 2, 4),
  tile(16, 64, 32, 4, 4),
  tile(16, 32, 32, 2, 4),
])
