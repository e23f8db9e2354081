import { readFileSync } from 'node:fs'

/** The most memory that this process has held, in MiB (Linux); what it holds now elsewhere. */
export function peakMiB(): number {
  try {
    const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return Math.round(Number(peak) / 1024)
  } catch {
    return Math.round(process.memoryUsage().rss / 2 ** 20)
  }
}
