export * from './check-pipeline-file.js'
export type { ClusterFile, ClusterOptions } from './cluster-files.js'
export {
  type DuplicateOptions,
  exactDuplicates,
  type NearDuplicateOptions,
  nearDuplicates,
} from './duplicate-options.js'
export * from './examples.js'
export * from './kubernetes-jobs.js'
export * from './leases.js'
export * from './node-pooled-extraction.js'
export * from './node-run-on-threads.js'
export * from './node-serve-tasks.js'
export * from './page-extraction.js'
export * from './pipeline.js'
export * from './rank-of-environment.js'
export * from './replay-run.js'
export * from './run-task.js'
export { planShards } from './shard-plan.js'
export * from './slurm-arrays.js'
export * from './stage.js'
export { type Amount, addCounts, NO_COUNTS, type StageCounts } from './stage-counts.js'
export * from './summarise-run.js'
export { readUnitManifest, type UnitManifest } from './unit-manifest.js'
export * from './value-histogram.js'
