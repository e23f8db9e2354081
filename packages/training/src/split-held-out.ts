import { ArgumentError } from '@almanac/tensor-core'
import type { TokenArray } from './token-array.js'

/** The end of a text set apart, which training never sees: `fraction` of its tokens, at least one. Views, not copies. */
export function splitHeldOut<T extends TokenArray>(tokens: T, fraction = 0.05): { train: T; heldOut: T } {
  if (!(fraction > 0 && fraction < 1))
    throw new ArgumentError('splitHeldOut', 'a fraction between 0 and 1', `${fraction}`)
  if (tokens.length < 2) throw new ArgumentError('splitHeldOut', 'at least 2 tokens', `${tokens.length}`)
  const cut = Math.min(tokens.length - 1, Math.max(1, Math.round(tokens.length * (1 - fraction))))
  return { train: tokens.subarray(0, cut) as T, heldOut: tokens.subarray(cut) as T }
}
