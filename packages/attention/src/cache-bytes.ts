import { type CacheCells, cacheCells, cellBytes, checkCounts } from './cache-cells.js'

/**
 * Bytes that a cache keeps of a token in all layers, with b bytes an element: 2 L KV D b for keys and values of one size,
 * 2 L KV (D + 4) for int8 with scales, L (dc + dR) b for latents. Llama 3 8B in bfloat16: 131,072. Throws ArgumentError.
 */
export function cacheBytesPerToken(layout: { readonly layers: number } & CacheCells): number {
  return cacheBytes({ ...layout, blocks: 1, blockSize: 1 })
}

/** Bytes that the cells of a cache take on its device, to the byte: those of a token for every place. Throws ArgumentError. */
export function cacheBytes(
  layout: { readonly layers: number; readonly blocks: number; readonly blockSize: number } & CacheCells,
): number {
  const { layers, blocks, blockSize } = layout
  checkCounts('cacheBytes', { layers, blocks, blockSize })
  const cells = cacheCells(layout, 'cacheBytes')
  return layers * cells.reduce((sum, cell) => sum + cellBytes(cell, blocks * blockSize), 0)
}
