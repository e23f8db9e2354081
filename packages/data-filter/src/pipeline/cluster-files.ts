import { OptionError } from '../data-filter-error.js'
import type { Stage } from './stage.js'

/** A file for a cluster. */
export interface ClusterFile {
  readonly name: string
  readonly text: string
  readonly executable?: boolean
}

export interface ClusterOptions {
  /** What the jobs are called: lower-case letters, digits and hyphens. */
  readonly name: string
  readonly stages: readonly Stage[]
  /** The command that does a task of a stage, as words; its rank is what `rankOfEnvironment` reads. */
  readonly command: (stage: Stage['name'], worldSize: number) => readonly string[]
  /** Tasks of a stage at once. */
  readonly parallelism: number
  /** Tasks that a stage is cut into at most; each does several units then. */
  readonly maxTasks?: number
  readonly cpus?: number
  readonly memoryGb?: number
}

/** Throws OptionError. */
export function checkClusterOptions(where: string, options: ClusterOptions): void {
  const { name, parallelism, maxTasks = 1, cpus = 1, memoryGb = 1 } = options
  if (!/^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$/.test(name)) {
    throw new OptionError(`${where}: name`, 'up to 42 lower-case letters, digits and hyphens', `"${name}"`)
  }
  for (const [key, value] of Object.entries({ parallelism, maxTasks, cpus, memoryGb })) {
    if (Number.isInteger(value) && value >= 1) continue
    throw new OptionError(`${where}: ${key}`, 'a whole number of at least 1', `${value}`)
  }
}

/** Words for a POSIX shell. */
export const shellWords = (words: readonly string[]): string =>
  words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
