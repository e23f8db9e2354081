import { cpus } from 'node:os'

/** The machine that a result was measured on, in words. */
export const machine = (): string =>
  `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}`
