import type { Schedule } from './schedule.js'

/** The same rate for ever. */
export function constantSchedule(rate: number): Schedule {
  return () => rate
}
