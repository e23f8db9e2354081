import { cpus, release, totalmem } from 'node:os'

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
  }
}
