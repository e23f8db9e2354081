import type { Schedule } from './schedule.js'
import { checkSchedule, decayProgress, type ScheduleOptions, warmupFactor } from './warmup-and-decay.js'

/**
 * Linear warm-up, then half a cosine from `peak` to `final`: final + (peak - final) (1 + cos(pi x)) / 2.
 * Loshchilov and Hutter 2017, arXiv 1608.03983, eq. 5, without restarts. Throws ArgumentError.
 */
export function cosineSchedule(options: ScheduleOptions): Schedule {
  checkSchedule('cosineSchedule', options)
  const { peak, warmup = 0, final = 0 } = options
  return (step) =>
    step < warmup
      ? peak * warmupFactor(step, warmup)
      : final + ((peak - final) * (1 + Math.cos(Math.PI * decayProgress(step, options)))) / 2
}
