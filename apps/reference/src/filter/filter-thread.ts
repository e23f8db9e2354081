import { openStorage } from '@almanac/data-filter/io'
import { serveTasks } from '@almanac/data-filter/pipeline'
import { readJob } from './filter-job.js'
import { pipelineOf } from './filter-pipeline.js'

/** What a thread of `almanac filter` is told: the results' place and the command's own address. */
export type FilterThreadData = { readonly out: string; readonly entry: string }

/** What the threads of `almanac filter` run: the job that lies in the results' place. */
export const serveFilterTasks = (): Promise<void> =>
  serveTasks(async (data) => {
    const { out, entry } = data as FilterThreadData
    const storage = openStorage(out)
    return { pipeline: await pipelineOf(await readJob(storage), 'work', entry), storage }
  })
