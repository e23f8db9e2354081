import { cpus, loadavg, release, totalmem } from 'node:os'
import { roundTo } from './round-to.js'

/** What a figure was taken on. */
export function machine(): Record<string, string | number> {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    v8: process.versions.v8 ?? '',
    // Beside the benchmark's own threads: more than there are means that somebody else was at work.
    load: roundTo(loadavg()[1] ?? 0, 1),
  }
}
