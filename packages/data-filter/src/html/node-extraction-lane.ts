import type { Worker } from 'node:worker_threads'
import { OptionError } from '../data-filter-error.js'
import type { ExtractionAnswer, ExtractionTask, ExtractionWorkerData } from './extraction-worker-messages.js'
import type { PooledExtraction } from './pooled-extraction.js'

export interface LaneOptions {
  readonly data: Omit<ExtractionWorkerData, 'answered'>
  readonly timeoutMs: number
  readonly memoryMb: number
}

/** One worker thread at a time, replaced after a page that broke it. */
export interface ExtractionLane {
  /** Resolves when a worker is there. Rejects with OptionError where none can be started. */
  ready(): Promise<void>
  /** One page; the next may be given when this has settled. Rejects only as `ready` does. */
  run(html: string, url: string): Promise<PooledExtraction>
  close(): Promise<void>
}

interface LiveWorker {
  readonly worker: Worker
  /** Number of the last page that the worker is done with. */
  readonly answered: Int32Array
  /** Why the worker ended, when it has. */
  readonly gone: Promise<string>
  /** Gets no page any more. */
  spent: boolean
  onAnswer(answer: ExtractionAnswer): void
}

/** Text, so that it starts alike from sources, from a build and from a bundle: only the module that it imports must be JavaScript. */
const BOOTSTRAP = `import('node:worker_threads').then(async ({ workerData }) => {
  const { serveExtraction } = await import(workerData.entry)
  await serveExtraction()
})`
/** A page is many small objects that die together: a young generation that holds a whole page is collected for almost nothing. */
const YOUNG_MB = 64

export function extractionLane({ data, timeoutMs, memoryMb }: LaneOptions): ExtractionLane {
  let current: LiveWorker | null = null
  let pages = 0

  const live = async (): Promise<LiveWorker> => {
    if (current && !current.spent) return current
    // Two at once would take the memory of two.
    await current?.gone
    current = await start(data, memoryMb)
    return current
  }

  return {
    ready: async () => void (await live()),
    async run(html, url) {
      const state = await live()
      const page = ++pages
      let timer: ReturnType<typeof setTimeout> | undefined
      const answer = new Promise<PooledExtraction>((resolve) => {
        state.onAnswer = (answer) => {
          if (answer.page === page) resolve(answer.extraction)
        }
      })
      const late = new Promise<PooledExtraction>((resolve) => {
        timer = setTimeout(() => {
          // Where this thread was busy itself, an answer in time may still lie in its queue.
          if (Atomics.load(state.answered, 0) === page) return
          state.spent = true
          void state.worker.terminate()
          resolve({ outcome: 'timeout', reason: `more than ${timeoutMs} ms` })
        }, timeoutMs)
      })
      const broken = state.gone.then((reason): PooledExtraction => ({ outcome: 'broken-worker', reason }))
      state.worker.ref()
      state.worker.postMessage({ page, html, url } satisfies ExtractionTask)
      try {
        return await Promise.race([answer, late, broken])
      } finally {
        clearTimeout(timer)
        // Between pages a worker keeps no process alive.
        state.worker.unref()
      }
    },
    async close() {
      await current?.worker.terminate()
    },
  }
}

async function start(data: LaneOptions['data'], memoryMb: number): Promise<LiveWorker> {
  const { Worker } = await import('node:worker_threads')
  const answered = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(BOOTSTRAP, {
    eval: true,
    // The process's own flags (loaders, conditions) are not for this source.
    execArgv: [],
    workerData: { ...data, answered } satisfies ExtractionWorkerData,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB },
  })
  let reason = ''
  worker.on('error', (error) => {
    reason ||= String(error)
  })
  const gone = new Promise<string>((resolve) => {
    worker.on('exit', (code) => {
      state.spent = true
      resolve(reason || `exit code ${code}`)
    })
  })
  let started = (): void => {}
  const ready = new Promise<null>((resolve) => {
    started = () => resolve(null)
  })
  const state: LiveWorker = { worker, answered, gone, spent: false, onAnswer: () => started() }
  worker.on('message', (answer: ExtractionAnswer) => state.onAnswer(answer))
  const failure = await Promise.race([ready, gone])
  if (failure !== null) {
    throw new OptionError(
      'createExtractionPool: entry',
      'a module with serveExtraction that a worker thread can import',
      `${data.entry}, with which the worker ended: ${failure}`,
      'Give the address of the built @almanac/data-filter/html, or of a bundle that exports its serveExtraction.',
    )
  }
  worker.unref()
  return state
}
