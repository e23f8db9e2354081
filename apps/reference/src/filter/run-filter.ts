import { availableParallelism } from 'node:os'
import type { Storage } from '@almanac/data-filter'
import { type Pipeline, runOnThreads, stagesOf, summariseRun } from '@almanac/data-filter/pipeline'
import { filterReport, filterTable } from '@almanac/data-filter/report'
import { progressLine } from '../progress-line.js'
import { readNumber } from '../read-options.js'
import { stopSignal } from '../stop-signal.js'
import { UsageError } from '../usage-error.js'
import { type FilterJob, findJob, jobDifference, saveJob } from './filter-job.js'
import { type FilterArguments, openOut, readFilterJob, readOut } from './filter-options.js'
import { ownEntry, pipelineOf } from './filter-pipeline.js'
import { stageLine } from './filter-progress.js'
import type { FilterThreadData } from './filter-thread.js'

export const REPORT_FILE = 'report.html'

/** Runs a job on this machine to its end, with progress, and shows what became of the documents. */
export async function runFilter(inputs: readonly string[], options: FilterArguments): Promise<void> {
  const threads = readNumber('filter', 'threads', options.threads, availableParallelism(), { least: 1, whole: true })
  const out = readOut(options)
  const { job, storage, pipeline } = await openJob(inputs, options, out)
  const line = progressLine()
  const stop = stopSignal('what is done is kept')
  const already = await bytesDone(storage, pipeline)
  const started = performance.now()
  let stage = ''
  let last = ''
  try {
    await runOnThreads({
      entry: ownEntry(),
      data: { out, entry: ownEntry() } satisfies FilterThreadData,
      stages: stagesOf(pipeline),
      threads,
      signal: stop.signal,
      onProgress(progress) {
        if (stage !== '' && stage !== progress.stage) line.note(last)
        stage = progress.stage
        last = stageLine(pipeline, progress, already)
        line.update(last)
      },
    })
    if (last !== '') line.note(last)
  } finally {
    line.clear()
    stop.release()
  }
  const seconds = (performance.now() - started) / 1000
  const summary = await summariseRun(storage, pipeline)
  const { filters, lastFilters = [] } = pipeline.options
  const report = filterReport({
    title: `${job.profile}: ${job.inputs.files.length} files of ${job.inputs.location}`,
    summary,
    filters,
    lastFilters,
    facts: factsOf(job),
  })
  await storage.write(REPORT_FILE, [new TextEncoder().encode(report)])
  if (options.json) {
    console.log(JSON.stringify({ out, seconds, pipeline: pipeline.fingerprint, ...summary }))
    return
  }
  console.log(filterTable(summary, filters, lastFilters))
  console.log(
    `documents: ${out}/documents   report: ${out}/${REPORT_FILE}${job.tokenizer ? `   tokens: ${out}/tokens` : ''}`,
  )
  if (job.attributes) console.log(`next: almanac filter --replay --out ${out} --profile paper`)
}

/** The job of the folder, if it is the one that is asked for, or the one that is asked for. Throws UsageError. */
export async function openJob(inputs: readonly string[], options: FilterArguments, out: string) {
  const storage = openOut(out)
  const before = await findJob(storage)
  const asked = inputs.length > 0 || !before ? await readFilterJob(inputs, options) : null
  if (before && asked) {
    const difference = jobDifference(before, asked)
    if (difference !== null) {
      throw new UsageError(
        `filter: expected the job that ${out} is of, got another: that one has ${difference}. Give it its own options, or another --out.`,
      )
    }
  }
  const job = before ?? (asked as FilterJob)
  // Made first, so that a mistake leaves no folder behind.
  const pipeline = await pipelineOf(job, 'look')
  await saveJob(storage, job)
  return { job, storage, pipeline }
}

/** Bytes of the inputs that an earlier run is done with. */
async function bytesDone(storage: Storage, pipeline: Pipeline): Promise<number> {
  const done = await storage.list('manifests/filter/')
  return done.reduce((sum, { name }) => {
    const shard = pipeline.shards[Number(/(\d+)\.json$/.exec(name)?.[1])] ?? []
    return sum + shard.reduce((bytes, file) => bytes + file.bytes, 0)
  }, 0)
}

/** Nothing of time or machine: the same run gives the same report. */
const factsOf = (job: FilterJob): [string, string][] => [
  ['Profile', job.profile],
  ['Languages', job.languages?.join(', ') ?? 'all'],
  ['Language identification', job.languageModel],
  ['Extraction', job.extractor],
  ['Duplicates', duplicatesWords(job)],
  ['Inputs', `${job.inputs.files.length} files`],
]

function duplicatesWords({ duplicates, keep, similarity }: FilterJob): string {
  if (duplicates === 'none') return 'not looked for'
  if (duplicates === 'exact') return `exact, the ${keep} stays`
  const measured = similarity === null ? '' : `, pairs of a similarity of at least ${similarity}`
  return `MinHash (${duplicates})${measured}, the ${keep} stays`
}
