import { type CacheCells, cacheBytesPerToken, contiguousCache } from '@almanac/attention'
import { memory, realize, wasmDevice } from '@almanac/tensor-core'
import type { ModelShape, Variant } from './variants.js'

/** What a layer of the variant keeps of a token. */
export const cellsOf = (variant: Variant, { headDim }: ModelShape): CacheCells =>
  variant.kind === 'gqa'
    ? { kvHeads: variant.kvHeads, headDim }
    : { latentDim: variant.latent, ropeDim: variant.rotary }

/** Bytes that the allocator of a device, which holds nothing else, hands out for a cache of so many tokens. */
async function allocatedBytes(layout: { readonly layers: number } & CacheCells, tokens: number): Promise<number> {
  const device = wasmDevice({ threads: 1 })
  const cache = contiguousCache({ ...layout, sequences: 1, maxLength: tokens }, { device })
  await realize(...[...cache.cells.values()].map((cell) => cell.value))
  const { liveBytes } = await memory(device)
  await device.close()
  return liveBytes
}

/**
 * Bytes that a token more takes of the device. Rejects with RangeError where they are not those of the formula
 * (`cacheBytesPerToken`).
 */
export async function measuredBytesPerToken(variant: Variant, shape: ModelShape): Promise<number> {
  const layout = { layers: shape.layers, ...cellsOf(variant, shape) }
  // Every buffer has a few bytes beside its own: the same, however long it is.
  const measured = ((await allocatedBytes(layout, 512)) - (await allocatedBytes(layout, 256))) / 256
  const expected = cacheBytesPerToken(layout)
  if (measured !== expected) {
    throw new RangeError(
      `kv-cache: expected ${expected} bytes a token of ${variant.name}, the allocator says ${measured}.`,
    )
  }
  return measured
}
