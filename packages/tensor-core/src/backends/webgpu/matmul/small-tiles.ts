import { kernelFamily } from '../../../wgsl/kernel-family.js'
import { tile } from '../../../wgsl/tile-shape.js'

/** Tiles where larger ones would be mostly outside the matrix. */
export const smallTiles = kernelFamily('matmulSmallTiles', [
  tile(32, 32, 16, 4, 4),
  tile(32, 32, 32, 4, 4),
  tile(32, 32, 8, 4, 4),
  tile(32, 32, 16, 8, 4),
])
