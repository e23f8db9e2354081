import type { Tensor } from '../graph/tensor.js'
import type { Batch } from './batch.js'
import type { SequenceState } from './sequence-state.js'

/** A model that predicts the next token: what training, alignment, search and serving ask of one. */
export interface CausalModel {
  readonly vocabularySize: number
  /** Longest sequence. */
  readonly maxPositions: number
  /** Token ids int32 [B, T] -> logits float32 [B, T, V]. */
  forward(tokens: Tensor): Tensor
  /** One step over a ragged batch with a state -> logits float32 [N, V]. */
  step?(batch: Batch, state: SequenceState): Tensor
}
