import type { Worker } from 'node:worker_threads'
import { DataFilterError, FormatError, ManifestError, OptionError, StorageError } from '../data-filter-error.js'
import type { JsonValue } from '../document.js'
import type { TaskProgress, TaskSummary } from './run-task.js'
import type { Stage } from './stage.js'
import type { TaskFailure, TaskMessage, TaskOrder, TaskThreadData } from './task-messages.js'

export interface ThreadOptions {
  /** Address of a JavaScript module with an export `serve`, which calls `serveTasks` with what makes the pipeline. */
  readonly entry: string | URL
  /** What `serveTasks` makes the pipeline from. */
  readonly data: JsonValue
  readonly stages: readonly Stage[]
  readonly threads: number
  /** Ends the threads where they stand; started again, the work goes on there. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: StageProgress) => void
}

/** What all threads together have done of a stage. */
export interface StageProgress extends Omit<TaskProgress, 'unit'> {
  readonly seconds: number
}

/** How often a unit may take its thread with it before the run gives up. */
const ATTEMPTS = 3

/**
 * Runs the stages one after another on threads of this machine, each unit of a stage a task of its own (`runTask` with the unit as its
 * rank), so that no thread waits while there is work. A thread that dies is replaced and its unit done again. Node only.
 * Throws what a task threw; OptionError where threads cannot be started or die again and again.
 */
export async function runOnThreads(options: ThreadOptions): Promise<readonly TaskSummary[]> {
  const { stages, threads, signal } = options
  if (!(Number.isInteger(threads) && threads >= 1)) {
    throw new OptionError('runOnThreads: threads', 'a whole number of at least 1', `${threads}`)
  }
  signal?.throwIfAborted()
  const pool: (TaskThread | null)[] = Array.from({ length: threads }, () => null)
  const summaries: TaskSummary[] = []
  const stop = () => Promise.all(pool.map((thread) => thread?.end()))
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  aborted.catch(() => {})
  try {
    for (const stage of stages) {
      summaries.push(await Promise.race([aborted, runStage(stage, pool, options)]))
    }
    return summaries
  } finally {
    await stop()
  }
}

async function runStage(stage: Stage, pool: (TaskThread | null)[], options: ThreadOptions): Promise<TaskSummary> {
  const started = performance.now()
  const sums = new Map<number, TaskProgress>()
  let finished = 0
  const report = () => {
    const total = { records: 0, characters: 0, bytes: 0 }
    for (const { records, characters, bytes } of sums.values()) {
      total.records += records
      total.characters += characters
      total.bytes += bytes
    }
    const seconds = (performance.now() - started) / 1000
    options.onProgress?.({ stage: stage.name, unitsDone: finished, units: stage.units, ...total, seconds })
  }
  const [done, already]: number[][] = [[], []]
  let next = 0
  let failed = false
  const lane = async (slot: number) => {
    while (next < stage.units && !failed) {
      const rank = next++
      for (let attempt = 1; ; attempt++) {
        pool[slot] ??= await startThread(options)
        const outcome = await pool[slot].run({ stage: stage.name, rank, worldSize: stage.units }, (progress) => {
          sums.set(rank, progress)
          report()
        })
        if (typeof outcome !== 'string') {
          done.push(...outcome.done)
          already.push(...outcome.already)
          break
        }
        pool[slot] = null
        if (attempt < ATTEMPTS) continue
        throw new OptionError(
          'runOnThreads',
          'threads that live to the end of a unit',
          `${ATTEMPTS} that died at unit ${rank} of ${stage.name}, the last of: ${outcome}`,
          'Give them more memory, or fewer threads, or smaller records.',
        )
      }
      finished++
      report()
    }
  }
  report()
  const lanes = await Promise.allSettled(
    pool.map((_, slot) =>
      lane(slot).catch((error) => {
        failed = true
        throw error
      }),
    ),
  )
  for (const result of lanes) if (result.status === 'rejected') throw result.reason
  return { stage: stage.name, done: done.sort(ascending), already: already.sort(ascending) }
}

const ascending = (a: number, b: number) => a - b

interface TaskThread {
  /** The task's summary, or why the thread died. Rejects with what the task threw. */
  run(order: TaskOrder, onProgress: (progress: TaskProgress) => void): Promise<TaskSummary | string>
  end(): Promise<unknown>
}

/** Text, so that it starts alike from sources, from a build and from a bundle: only the module that it imports must be JavaScript. */
const BOOTSTRAP = `import('node:worker_threads').then(async ({ workerData }) => {
  const { serve } = await import(workerData.entry)
  await serve()
})`

async function startThread({ entry, data }: ThreadOptions): Promise<TaskThread> {
  const { Worker } = await import('node:worker_threads')
  const workerData: TaskThreadData = { entry: String(entry), data }
  // The process's own flags (loaders, conditions) are not for this source.
  const worker: Worker = new Worker(BOOTSTRAP, { eval: true, execArgv: [], workerData })
  let reason = ''
  worker.on('error', (error) => {
    reason ||= String(error)
  })
  const gone = new Promise<string>((resolve) => worker.on('exit', (code) => resolve(reason || `exit code ${code}`)))
  let onMessage: (message: TaskMessage) => void = () => {}
  worker.on('message', (message: TaskMessage) => onMessage(message))
  const ready = await new Promise<true | string>((resolve, reject) => {
    onMessage = (message) => (message.kind === 'failed' ? reject(errorOf(message.error)) : resolve(true))
    void gone.then(resolve)
  })
  if (ready !== true) {
    throw new OptionError(
      'runOnThreads: entry',
      'a module with an export serve that a worker thread can import',
      `${entry}, with which the thread ended: ${ready}`,
      'Export a function serve that calls serveTasks from a built module.',
    )
  }
  return {
    run: (order, onProgress) =>
      new Promise((resolve, reject) => {
        onMessage = (message) => {
          if (message.kind === 'progress') onProgress(message.progress)
          else if (message.kind === 'done') resolve(message.summary)
          else if (message.kind === 'failed') reject(errorOf(message.error))
        }
        void gone.then(resolve)
        worker.postMessage(order)
      }),
    end: () => worker.terminate(),
  }
}

const CLASSES = { OptionError, FormatError, StorageError, ManifestError } as const

function errorOf({ name, message, parts }: TaskFailure): Error {
  if (!parts) return Object.assign(new Error(message), { name })
  const Class = CLASSES[name as keyof typeof CLASSES] ?? DataFilterError
  return new Class(...parts)
}
