import type { Tensor } from '../graph/tensor.js'

/**
 * Tokens of several sequences laid end to end (N in all, S sequences), with what a kernel needs to tell them apart. Shapes
 * are maxima; the true bounds are in the int32 tensors.
 */
export interface Batch {
  /** Token ids, int32 [N]. */
  readonly tokens: Tensor
  /** Position of each token in its sequence, int32 [N]. */
  readonly positions: Tensor
  /** Sequence s holds the tokens cuSeqlens[s] .. cuSeqlens[s + 1], int32 [S + 1]. */
  readonly cuSeqlens: Tensor
  /** Keys each sequence sees, its cache included, int32 [S]. */
  readonly kvLengths: Tensor
  /** Cache blocks of each sequence, int32 [S, P]; -1 where there is none. */
  readonly blockTables?: Tensor
  /** Adapter of each token's sequence, int32 [S]; -1 for none. */
  readonly adapterIds?: Tensor
}
