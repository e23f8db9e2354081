import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { kubernetesJobs, rankOfEnvironment, slurmArrays } from '../../src/pipeline/index.js'

const folder = mkdtempSync(join(tmpdir(), 'almanac-cluster-'))
afterAll(() => rmSync(folder, { recursive: true }))

const options = {
  name: 'dump-1',
  stages: [
    { name: 'filter', units: 5000 },
    { name: 'choose', units: 1 },
  ],
  command: (stage: string, worldSize: number) => ['sh', '-c', `echo "${stage} it's" ${worldSize}`],
  parallelism: 8,
} as const

test('an Indexed Job for each stage, in YAML', () => {
  const files = kubernetesJobs({ ...options, image: 'registry.example/a:1', namespace: 'data', secret: 's3' })
  expect(files.map(({ name }) => name)).toEqual(['1-filter.yaml', '2-choose.yaml', 'run.sh'])
  const job = parse(files[0]?.text as string)
  expect(job).toEqual({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'dump-1-1-filter', namespace: 'data' },
    spec: {
      completionMode: 'Indexed',
      completions: 5000,
      parallelism: 8,
      backoffLimitPerIndex: 3,
      maxFailedIndexes: 0,
      podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [
            {
              name: 'task',
              image: 'registry.example/a:1',
              command: ['sh', '-c', `echo "filter it's" 5000`],
              envFrom: [{ secretRef: { name: 's3' } }],
              resources: { requests: { cpu: '1', memory: '4Gi' }, limits: { memory: '4Gi' } },
            },
          ],
        },
      },
    },
  })
  expect(parse(files[1]?.text as string).spec).toMatchObject({ completions: 1, parallelism: 1 })
  execFileSync('sh', ['-n'], { input: files[2]?.text as string })
})

test('a Slurm array for each stage: a shell takes its command as it was given', () => {
  const files = slurmArrays({ ...options, partition: 'cpu', time: '10:00:00' })
  expect(files.map(({ name }) => name)).toEqual(['1-filter.sbatch', '2-choose.sbatch', 'submit.sh'])
  const [filter, choose] = files.map(({ text }) => text) as [string, string]
  expect(filter).toContain('#SBATCH --array=0-999%8\n')
  expect(filter).toContain('#SBATCH --time=10:00:00\n#SBATCH --partition=cpu\n')
  expect(choose).toContain('#SBATCH --array=0-0%1\n')
  for (const { name, text } of files) writeFileSync(join(folder, name), text)
  expect(execFileSync('sh', [join(folder, '1-filter.sbatch')]).toString()).toBe("filter it's 1000\n")
})

test('the script submits each array behind the one before', () => {
  const log = join(folder, 'log')
  writeFileSync(join(folder, 'sbatch'), `#!/bin/sh\necho "$@" >> "${log}"\nwc -l < "${log}" | tr -d ' '\n`, {
    mode: 0o755,
  })
  const output = execFileSync('sh', [join(folder, 'submit.sh')], {
    env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` },
  })
  expect(output.toString()).toBe('1-filter.sbatch: 1\n2-choose.sbatch: 2\n')
  expect(execFileSync('cat', [log]).toString()).toBe(
    '--parsable 1-filter.sbatch\n--parsable --dependency=afterok:1 --kill-on-invalid-dep=yes 2-choose.sbatch\n',
  )
})

test('refuses names and numbers that a cluster would', () => {
  expect(() => slurmArrays({ ...options, name: 'My Jobs' })).toThrow(
    'slurmArrays: name: expected up to 42 lower-case letters, digits and hyphens, got "My Jobs".',
  )
  expect(() => kubernetesJobs({ ...options, image: 'a', parallelism: 0 })).toThrow(
    'kubernetesJobs: parallelism: expected a whole number of at least 1, got 0.',
  )
})

test('the rank is what the scheduler says', () => {
  expect(rankOfEnvironment({ SLURM_ARRAY_TASK_ID: '12' })).toBe(12)
  expect(rankOfEnvironment({ JOB_COMPLETION_INDEX: '0', PATH: '' })).toBe(0)
  expect(() => rankOfEnvironment({ JOB_COMPLETION_INDEX: 'x' })).toThrow(
    'JOB_COMPLETION_INDEX: expected a whole number of at least 0, got "x".',
  )
  expect(() => rankOfEnvironment({})).toThrow(
    'rank: expected one of JOB_COMPLETION_INDEX, SLURM_ARRAY_TASK_ID, AWS_BATCH_JOB_ARRAY_INDEX, CLOUD_RUN_TASK_INDEX in the environment, got none of them. Give the rank as a number.',
  )
})
