import type { Schedule } from './schedule.js'
import { checkSchedule, decayProgress, type ScheduleOptions, warmupFactor } from './warmup-and-decay.js'

/** Linear warm-up, then a straight line from `peak` to `final`. Throws ArgumentError. */
export function linearSchedule(options: ScheduleOptions): Schedule {
  checkSchedule('linearSchedule', options)
  const { peak, warmup = 0, final = 0 } = options
  return (step) =>
    step < warmup ? peak * warmupFactor(step, warmup) : peak + (final - peak) * decayProgress(step, options)
}
