import { OptionError } from '../data-filter-error.js'
import type { Pipeline } from './pipeline.js'

/**
 * The passes over the data, in their order. `filter`: from files to documents that the first filters keep. `sign`, `pair`, `choose`: which
 * of them are duplicates; `shingle` and `measure`, on request: how similar they are. `finish`: what is left goes through the last filters.
 * `tokens`: its tokens.
 */
export type StageName = 'filter' | 'sign' | 'pair' | 'shingle' | 'measure' | 'choose' | 'finish' | 'tokens'

/** A pass and how many units of work it has: each is done by one task at a time, and leaves a manifest when it is done. */
export interface Stage {
  readonly name: StageName
  readonly units: number
}

/** The stages of a pipeline. */
export function stagesOf({ shards, options: { duplicates, tokens } }: Pipeline): readonly Stage[] {
  const dedup: readonly Stage[] = duplicates
    ? [
        { name: 'sign', units: shards.length },
        { name: 'pair', units: duplicates.config.buckets * (duplicates.parts ?? 1) },
        ...(duplicates.verify
          ? [{ name: 'shingle', units: shards.length } as const, { name: 'measure', units: 1 } as const]
          : []),
        { name: 'choose', units: 1 },
      ]
    : []
  return [
    { name: 'filter', units: shards.length },
    ...dedup,
    { name: 'finish', units: shards.length },
    ...(tokens ? [{ name: 'tokens', units: shards.length } as const] : []),
  ]
}

/** Throws OptionError where the pipeline has no such stage. */
export function stageOf(pipeline: Pipeline, name: StageName): Stage {
  const stages = stagesOf(pipeline)
  const stage = stages.find((one) => one.name === name)
  if (stage) return stage
  throw new OptionError('runTask: stage', stages.map((one) => one.name).join(', '), `"${name}"`)
}
