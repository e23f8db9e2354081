import type { Storage } from '../storage.js'
import type { Pipeline } from './pipeline.js'
import { type StageName, stageOf } from './stage.js'
import { addCounts, NO_COUNTS, type StageCounts } from './stage-counts.js'
import { readUnitManifest } from './unit-manifest.js'

/** What became of the documents of a run. */
export interface RunSummary {
  readonly filter: StageCounts
  readonly finish: StageCounts
}

/** Adds up what the units of a finished run counted. Throws ManifestError where one is missing. */
export async function summariseRun(storage: Storage, pipeline: Pipeline): Promise<RunSummary> {
  return {
    filter: await countsOfStage(storage, pipeline, 'filter'),
    finish: await countsOfStage(storage, pipeline, 'finish'),
  }
}

/** Adds up what the units of a finished stage counted. Throws ManifestError where one is missing. */
export async function countsOfStage(storage: Storage, pipeline: Pipeline, name: StageName): Promise<StageCounts> {
  const { units } = stageOf(pipeline, name)
  let counts = NO_COUNTS
  for (let unit = 0; unit < units; unit++) {
    counts = addCounts(counts, (await readUnitManifest(storage, pipeline, name, unit)).counts ?? NO_COUNTS)
  }
  return counts
}
