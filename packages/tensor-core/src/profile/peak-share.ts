import type { MachinePeaks } from './machine-peaks.js'
import type { ProfileRow } from './profile-rows.js'

/**
 * What a row reaches of the machine's peaks, 1 being all: the larger of the shares of bytes and FLOPs a second. What lies in
 * caches is read faster than memory: there it may be more than 1.
 */
export function peakShare({ milliseconds, bytes, flops }: ProfileRow, peaks: MachinePeaks): number {
  if (milliseconds <= 0) return 0
  return Math.max(bytes / peaks.gigabytesPerSecond, flops / peaks.gigaflops) / milliseconds / 1e6
}
