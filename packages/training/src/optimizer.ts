import type { State, Tensor } from '@almanac/tensor-core'
import type { Parameter } from '@almanac/tensor-core/nn'

/** What the trainer asks of an optimiser; those of `@almanac/tensor-core/optim` have it. */
export interface Optimizer {
  readonly parameters: readonly Parameter[]
  /** float32 []. */
  readonly learningRate: State
  /** Assigns the next parameters. */
  step(gradients: readonly Tensor[]): void
  /** All it keeps between updates, for checkpoints. */
  namedStates(): Iterable<[name: string, state: State]>
}
