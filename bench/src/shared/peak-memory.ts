import { readFileSync } from 'node:fs'

/** A line of this process's status in bytes (Linux); what it holds now elsewhere. */
function statusBytes(name: 'VmHWM' | 'VmRSS'): number {
  try {
    const kilobytes = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return Number(kilobytes) * 1024
  } catch {
    return process.memoryUsage().rss
  }
}

/** The most memory that this process has held. */
export const peakBytes = (): number => statusBytes('VmHWM')

/** What it holds now. */
export const residentBytes = (): number => statusBytes('VmRSS')
