import { TensorError } from '@almanac/tensor-core'

/** A loss or gradient that is NaN or infinite: training stopped, and the last checkpoint was left as it was. */
export class NonFiniteLossError extends TensorError {
  /** The update, counted from 0, whose loss it was. */
  readonly step: number

  constructor(step: number, what: string, got: number, lastCheckpoint: number | null) {
    const kept =
      lastCheckpoint === null
        ? 'No checkpoint was written.'
        : `The checkpoint of step ${lastCheckpoint} is whole; go on from it.`
    super(
      `train, step ${step}`,
      `a finite ${what}`,
      `${got}`,
      `${kept} A lower learning rate, a longer warm-up or clipNorm: 1 usually helps.`,
    )
    this.step = step
  }
}
