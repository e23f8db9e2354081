import { type ClusterFile, type ClusterOptions, checkClusterOptions, shellWords } from './cluster-files.js'

export interface KubernetesOptions extends ClusterOptions {
  /** An image that has the command. */
  readonly image: string
  readonly namespace?: string
  /** A secret whose entries become variables of the environment: the storage's credentials. */
  readonly secret?: string
}

/**
 * An Indexed Job for each stage, and a script that applies them in their order and waits for each. An index that fails is tried
 * again by itself up to three times (backoffLimitPerIndex, Kubernetes 1.29 and later); an eviction counts as no try. Pods find their
 * rank in JOB_COMPLETION_INDEX.
 */
export function kubernetesJobs(options: KubernetesOptions): readonly ClusterFile[] {
  checkClusterOptions('kubernetesJobs', options)
  const { name, stages, parallelism, maxTasks = 10_000, namespace } = options
  const scope = namespace === undefined ? '' : ` --namespace ${shellWords([namespace])}`
  const jobs = stages.map((stage, i) => {
    const tasks = Math.min(stage.units, maxTasks)
    return { stage, tasks, job: `${name}-${i + 1}-${stage.name}`, file: `${i + 1}-${stage.name}.yaml` }
  })
  const run = jobs.flatMap(({ job, file }) => [
    `kubectl apply${scope} -f ${file}`,
    // "failed" would let wait run into its timeout: both conditions are waited for, whichever comes first.
    `until kubectl wait${scope} --for=condition=complete --timeout=30s job/${job}; do`,
    `  if kubectl wait${scope} --for=condition=failed --timeout=1s job/${job}; then exit 1; fi`,
    'done',
  ])
  return [
    ...jobs.map(({ stage, tasks, job, file }) => ({
      name: file,
      text: jobText(options, job, tasks, Math.min(parallelism, tasks), options.command(stage.name, tasks)),
    })),
    { name: 'run.sh', text: `#!/bin/sh\nset -eu\ncd "$(dirname "$0")"\n${run.join('\n')}\n`, executable: true },
  ]
}

/** JSON's strings are YAML's too: nothing needs another way of quoting. */
const quoted = (text: string): string => JSON.stringify(text)

function jobText(
  { image, namespace, secret, cpus = 1, memoryGb = 4 }: KubernetesOptions,
  job: string,
  completions: number,
  parallelism: number,
  command: readonly string[],
): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: ${job}
${namespace === undefined ? '' : `  namespace: ${quoted(namespace)}\n`}spec:
  completionMode: Indexed
  completions: ${completions}
  parallelism: ${parallelism}
  backoffLimitPerIndex: 3
  maxFailedIndexes: 0
  podFailurePolicy:
    rules:
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: task
          image: ${quoted(image)}
          command: [${command.map(quoted).join(', ')}]
${secret === undefined ? '' : `          envFrom:\n            - secretRef:\n                name: ${quoted(secret)}\n`}          resources:
            requests: { cpu: "${cpus}", memory: ${memoryGb}Gi }
            limits: { memory: ${memoryGb}Gi }
`
}
