import { concat, maximum } from '@almanac/tensor-core'
import { type AttentionExtents, checkWindow } from './attention-extents.js'

/**
 * Causal extents narrowed to a sliding window: a query sees at most the last `window` keys of those that it saw, its own
 * included. For layers with windows of their own over extents that the layers of a model share (a cache's step, documents).
 * Beltagy et al. 2020, arXiv 2004.05150, section 3.1; Jiang et al. 2023, arXiv 2310.06825, section 2.
 * Throws ArgumentError for a window below 1.
 */
export function slidingWindow(extents: AttentionExtents, window: number): AttentionExtents {
  checkWindow('slidingWindow', window)
  const range = (i: number) => extents.ranges.slice([null, [i, i + 1]]) // [N, 1]
  const [first, end] = [range(0), range(1)]
  // The end of a causal query is its own position and one.
  return { ...extents, ranges: concat([maximum(first, end.sub(window)), end], 1) }
}
