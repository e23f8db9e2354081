import { ArgumentError, formatShape, ShapeError, type Tensor, type TensorLike } from '@almanac/tensor-core'
import type { AttentionExtents } from './attention-extents.js'
import type { CacheStep, LayerCache } from './cache-step.js'
import type { RopeAngles } from './rope.js'

/** What a self-attention module is told beside x [B, T, C]. */
export interface AttentionInputs {
  /** Angles by which queries and keys turn, of `ropeAngles`: the same for every layer. Default: nothing turns. */
  readonly angles?: RopeAngles
  /** What queries see, where it is not all keys up to their own: documents, lengths, packed sequences. Not with a cache. */
  readonly extents?: AttentionExtents
  /**
   * Added to the scores: float, broadcastable to [B, H or 1, T, S], S the keys that a sequence has places for (T without a
   * cache).
   */
  readonly bias?: TensorLike
  /** Keys and values are appended to it, and queries see what it holds. */
  readonly cache?: LayerCache
  /** Where the N = B T tokens stand in the cache; it says what they see. */
  readonly step?: CacheStep
}

/** B and T of x [B, T, C]. Throws ShapeError for another shape. */
export function rowsOf(where: string, x: Tensor, channels: number, name = 'x [B, T, C]'): [B: number, T: number] {
  const [B, T, C] = x.shape as [number, number, number]
  if (x.rank !== 3 || C !== channels) {
    throw new ShapeError(where, `${name} with ${channels} channels`, formatShape(x.shape))
  }
  return [B, T]
}

/** The cache and the step of a call, both or neither. Throws ArgumentError. */
export function cachedStep(
  where: string,
  { cache, step, extents }: AttentionInputs,
): { readonly cache: LayerCache; readonly step: CacheStep } | null {
  if (cache && !step) {
    throw new ArgumentError(
      where,
      'a step with the cache',
      'none',
      'The cache makes it: where each token stands in it.',
    )
  }
  if (step && !cache)
    throw new ArgumentError(where, 'a cache with the step', 'none', 'Give the layer its own of the caches.')
  if (!cache || !step) return null
  if (extents) {
    throw new ArgumentError(where, 'extents or a cache', 'both', "The step's own extents say what its tokens see.")
  }
  return { cache, step }
}

/** Refuses angles that do not turn `channels` channels. Throws ShapeError. */
export function checkAngles(where: string, { cos, sin }: RopeAngles, channels: number): void {
  for (const table of [cos, sin]) {
    if (table.rank === 4 && table.shape[3] === channels / 2) continue
    throw new ShapeError(
      where,
      `angles [1 or B, T, 1, ${channels / 2}] for ${channels} rotated channels`,
      formatShape(table.shape),
      `Take them with ropeAngles(positions, ${channels}).`,
    )
  }
}

/** [B, T, ...] -> [B T, ...]. */
export function flatRows(x: Tensor): Tensor {
  const [B, T, ...rest] = x.shape as [number, number, ...number[]]
  return x.reshape([B * T, ...rest])
}
