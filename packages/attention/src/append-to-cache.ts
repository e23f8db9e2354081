import { dynamicUpdateSlice, iota, type State, type Tensor } from '@almanac/tensor-core'
import type { LayerCache } from './contiguous-cache.js'

/**
 * Writes new keys and values [B, T, KV, D] into a layer's cells from position `start` (int32 []) on, in place, and returns
 * all of them, [B, S, KV, D]. A start that leaves no room for T is moved back, as dynamicUpdateSlice does: reserve first.
 */
export function appendToCache(layer: LayerCache, k: Tensor, v: Tensor, start: Tensor): { k: Tensor; v: Tensor } {
  const at = iota([4]).eq(1).cast('int32').mul(start) // [0, start, 0, 0]
  const append = (cell: State, values: Tensor): Tensor => {
    cell.assign(dynamicUpdateSlice(cell, values.cast(cell.dtype), at))
    return cell.value.cast(values.dtype)
  }
  return { k: append(layer.k, k), v: append(layer.v, v) }
}
