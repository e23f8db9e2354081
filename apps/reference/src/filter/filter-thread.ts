import { openStorage } from '@almanac/data-filter/io'
import { serveTasks } from '@almanac/data-filter/pipeline'
import { readJob } from './filter-job.js'
import { pipelineOf } from './filter-pipeline.js'

/** What the threads of `almanac filter` run: the job of a results' folder. */
export const serveFilterTasks = (): Promise<void> =>
  serveTasks(async (out) => {
    const storage = openStorage(String(out))
    return { pipeline: await pipelineOf(await readJob(storage)), storage }
  })
