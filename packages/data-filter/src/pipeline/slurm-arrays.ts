import { type ClusterFile, type ClusterOptions, checkClusterOptions, shellWords } from './cluster-files.js'

export interface SlurmOptions extends ClusterOptions {
  readonly partition?: string
  /** As Slurm writes it: 10:00:00. */
  readonly time?: string
}

/** Slurm's MaxArraySize is 1001 unless a site has another: indices up to 1000. */
const MAX_ARRAY = 1000

/**
 * A job array for each stage, and a script that submits them so that each waits for the one before. A task that is preempted
 * is queued again and goes on where it was. Tasks find their rank in SLURM_ARRAY_TASK_ID.
 */
export function slurmArrays(options: SlurmOptions): readonly ClusterFile[] {
  checkClusterOptions('slurmArrays', options)
  const { name, stages, parallelism, maxTasks = MAX_ARRAY, partition, time, cpus = 1, memoryGb = 4 } = options
  const files = stages.map((stage, i) => {
    const tasks = Math.min(stage.units, maxTasks)
    const lines = [
      '#!/bin/sh',
      `#SBATCH --job-name=${name}-${stage.name}`,
      `#SBATCH --array=0-${tasks - 1}%${Math.min(parallelism, tasks)}`,
      '#SBATCH --ntasks=1',
      `#SBATCH --cpus-per-task=${cpus}`,
      `#SBATCH --mem=${memoryGb}G`,
      ...(time === undefined ? [] : [`#SBATCH --time=${time}`]),
      ...(partition === undefined ? [] : [`#SBATCH --partition=${partition}`]),
      `#SBATCH --output=${name}-${stage.name}-%a.log`,
      '#SBATCH --requeue',
      'set -eu',
      `exec ${shellWords(options.command(stage.name, tasks))}`,
    ]
    return { name: `${i + 1}-${stage.name}.sbatch`, text: `${lines.join('\n')}\n` }
  })
  const submit = files.map(({ name }, i) => {
    const after = i === 0 ? '' : ' --dependency="afterok:$job" --kill-on-invalid-dep=yes'
    return `job=$(sbatch --parsable${after} ${name})\necho "${name}: $job"`
  })
  const script = `#!/bin/sh\nset -eu\ncd "$(dirname "$0")"\n${submit.join('\n')}\n`
  return [...files, { name: 'submit.sh', text: script, executable: true }]
}
