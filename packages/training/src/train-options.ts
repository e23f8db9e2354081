import type { State, Tensor } from '@almanac/tensor-core'
import type { Module } from '@almanac/tensor-core/nn'
import type { CheckpointStorage } from './checkpoint-storage.js'
import type { Evaluation } from './evaluator.js'
import type { JsonValue } from './json-value.js'
import type { Optimizer } from './optimizer.js'
import type { ProgressEvent } from './progress-event.js'
import type { Schedule } from './schedule.js'

export interface TrainOptions<B> {
  readonly model: Module
  readonly optimizer: Optimizer
  /**
   * A scalar from a batch, in nats; traced once, so it is synchronous and pure but for States. Tensors that it pushes to
   * `residuals`, such as what goes into each layer, are all that the backward pass keeps (the `checkpoints` of `grad`).
   */
  readonly loss: (batch: B, residuals: Tensor[]) => Tensor
  /** The batch of an update, from 0 on: a tree of tensors, always of one shape. The same step gives the same batch. */
  readonly batches: (step: number) => B
  /** Updates in all, those of earlier runs included. */
  readonly steps: number
  /** Default: the optimiser's learning rate stays as it is. */
  readonly schedule?: Schedule
  /** Gradients are scaled down to this global norm. Default: they are not. */
  readonly clipNorm?: number
  /** For tokens/s in progress events. Default 0. */
  readonly tokensPerStep?: number
  /** States outside model and optimiser that must go on where they were, such as a RandomState. */
  readonly states?: Iterable<readonly [name: string, state: State]>
  readonly evaluation?: {
    /** After every so many updates, and after the last. */
    readonly every: number
    readonly run: () => Promise<Evaluation>
  }
  readonly checkpoint?: {
    readonly storage: CheckpointStorage
    /** Default 'checkpoint.safetensors'. */
    readonly name?: string
    /** After every so many updates, after the last, and on abort. */
    readonly every: number
    /** Written into it; on resume it must be the same. Default null. */
    readonly config?: JsonValue
    /** false: begin anew even if there is a checkpoint, which the first new one replaces. Default true. */
    readonly resume?: boolean
  }
  readonly onProgress?: (event: ProgressEvent) => void
  /** Acts between updates: the state so far is written as a checkpoint, then `train` rejects with AbortError. */
  readonly signal?: AbortSignal
}
