import { OptionError } from '../data-filter-error.js'

/** Variables in which schedulers tell a task its index, from 0. */
const INDEX_VARIABLES = [
  'JOB_COMPLETION_INDEX',
  'SLURM_ARRAY_TASK_ID',
  'AWS_BATCH_JOB_ARRAY_INDEX',
  'CLOUD_RUN_TASK_INDEX',
] as const

/**
 * A task's rank, as the scheduler has it: Kubernetes Indexed Jobs, Slurm arrays, AWS Batch arrays, Cloud Run jobs. Throws OptionError where
 * none of their variables is set, or one is no index.
 */
export function rankOfEnvironment(environment: Readonly<Record<string, string | undefined>>): number {
  for (const name of INDEX_VARIABLES) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    if (/^\d+$/.test(value)) return Number(value)
    throw new OptionError(name, 'a whole number of at least 0', `"${value}"`)
  }
  throw new OptionError(
    'rank',
    `one of ${INDEX_VARIABLES.join(', ')} in the environment`,
    'none of them',
    'Give the rank as a number.',
  )
}
