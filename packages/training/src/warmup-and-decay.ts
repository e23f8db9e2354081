import { ArgumentError } from '@almanac/tensor-core'

export interface ScheduleOptions {
  /** Highest rate, reached at the end of the warm-up. */
  readonly peak: number
  /** Updates in all; later ones keep the last rate. */
  readonly steps: number
  /** Updates of linear warm-up from peak / warmup to peak. Default 0. */
  readonly warmup?: number
  /** Rate of the last update. Default 0. */
  readonly final?: number
}

/** The factor of a linear warm-up: update 0 has 1 / warmup, update warmup - 1 has 1, as in nanoGPT and PyTorch recipes. */
export function warmupFactor(step: number, warmup: number): number {
  return step < warmup ? (step + 1) / warmup : 1
}

/** How far a decay has come after its warm-up: 0 at the peak, 1 at the last update and after it. */
export function decayProgress(step: number, { steps, warmup = 0 }: ScheduleOptions): number {
  const length = steps - 1 - Math.max(0, warmup - 1)
  const done = step - Math.max(0, warmup - 1)
  return length <= 0 ? (done > 0 ? 1 : 0) : Math.min(1, Math.max(0, done / length))
}

/** Throws ArgumentError for a schedule that makes no sense. */
export function checkSchedule(where: string, { peak, steps, warmup = 0, final = 0 }: ScheduleOptions): void {
  if (!(peak >= 0)) throw new ArgumentError(where, 'a peak rate of 0 or more', `${peak}`)
  if (!(final >= 0)) throw new ArgumentError(where, 'a final rate of 0 or more', `${final}`)
  if (!Number.isInteger(steps) || steps < 1)
    throw new ArgumentError(where, 'a whole number of steps from 1', `${steps}`)
  if (!Number.isInteger(warmup) || warmup < 0 || warmup > steps)
    throw new ArgumentError(where, `warm-up steps from 0 to ${steps}`, `${warmup}`, 'Warm up for a part of the steps.')
}
