import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { kubernetesJobs, slurmArrays, stagesOf } from '@almanac/data-filter/pipeline'
import { readNumber } from '../read-options.js'
import { UsageError } from '../usage-error.js'
import { type FilterArguments, readChoice, readOut } from './filter-options.js'
import { openJob } from './run-filter.js'

/** Writes the files that run a job on a cluster, and the job itself into the results' place. */
export async function launchFilter(inputs: readonly string[], options: FilterArguments): Promise<void> {
  const launcher = readChoice('launcher', options.launcher, ['k8s', 'slurm'])
  const parallelism = readNumber('filter', 'parallelism', options.parallelism, 100, { least: 1, whole: true })
  const out = readOut(options)
  const seen = /^s3:/i.test(out) || isAbsolute(out)
  if (!seen) {
    throw new UsageError(
      `filter: expected --out as s3://bucket/prefix or a path from the root that all machines see, got '${out}'.`,
    )
  }
  if (launcher === 'k8s' && options.image === undefined) {
    throw new UsageError('filter: expected --image with --launcher k8s, got none. Name an image that has almanac.')
  }
  const { pipeline } = await openJob(inputs, options, out)
  const cluster = {
    name: 'almanac-filter',
    stages: stagesOf(pipeline),
    command: (stage: string, worldSize: number) => [
      'almanac',
      'filter',
      '--out',
      out,
      '--stage',
      stage,
      '--rank',
      'env',
      '--world-size',
      `${worldSize}`,
    ],
    parallelism,
  }
  const files =
    launcher === 'k8s' ? kubernetesJobs({ ...cluster, image: options.image as string }) : slurmArrays(cluster)
  const folder = options['launcher-out'] ?? `almanac-filter-${launcher}`
  await mkdir(folder, { recursive: true })
  for (const { name, text, executable } of files) {
    await writeFile(join(folder, name), text)
    if (executable) await chmod(join(folder, name), 0o755)
  }
  const start = files.at(-1)?.name as string
  console.log(`${folder}: ${files.map(({ name }) => name).join(', ')}; the job lies in ${out}`)
  console.log(`next: sh ${join(folder, start)}`)
}
