import { hostname } from 'node:os'
import { rankOfEnvironment, runTask, type StageName, stagesOf } from '@almanac/data-filter/pipeline'
import { progressLine } from '../progress-line.js'
import { readNumber } from '../read-options.js'
import { stopSignal } from '../stop-signal.js'
import { UsageError } from '../usage-error.js'
import { readJob } from './filter-job.js'
import { type FilterArguments, openOut, readChoice, readOut } from './filter-options.js'
import { pipelineOf } from './filter-pipeline.js'

/** One task of a stage, as a cluster's scheduler runs it: what it is to do, it reads from the results' place. */
export async function runFilterTask(options: FilterArguments): Promise<void> {
  const storage = openOut(readOut(options))
  const pipeline = await pipelineOf(await readJob(storage), 'work')
  const names = stagesOf(pipeline).map(({ name }) => name)
  const stage = readChoice<StageName>('stage', options.stage, names)
  const worldSize = readNumber('filter', 'world-size', options['world-size'], 1, { least: 1, whole: true })
  const rank = readRank(options.rank ?? '0', worldSize)
  const line = progressLine()
  const stop = stopSignal('what is done is kept')
  try {
    const summary = await runTask({
      ...{ pipeline, storage, stage, rank, worldSize, signal: stop.signal },
      onProgress: ({ unit, unitsDone, units, records }) =>
        line.update(`${stage} ${rank}/${worldSize}: unit ${unit}, ${unitsDone} of ${units} done, ${records} records`),
    })
    line.clear()
    console.log(JSON.stringify({ ...summary, rank, worldSize, host: hostname() }))
  } finally {
    stop.release()
  }
}

function readRank(text: string, worldSize: number): number {
  if (text !== 'env') {
    return readNumber('filter', 'rank', text, 0, { least: 0, most: worldSize - 1, whole: true })
  }
  const rank = rankOfEnvironment(process.env)
  if (rank < worldSize) return rank
  throw new UsageError(`filter: expected a rank below --world-size ${worldSize}, got ${rank} from the environment.`)
}
