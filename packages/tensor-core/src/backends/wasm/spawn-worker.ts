import { onNode } from '../on-node.js'
import { workerSource } from './worker-source.js'

/** What a thread pool needs of a worker, on Node and in a page alike. */
export interface WorkerHandle {
  post(message: unknown): void
  /** While held, the worker keeps the process alive: only as long as an answer is awaited. */
  hold(held: boolean): void
  terminate(): Promise<void>
}

export interface WorkerEvents {
  message(message: unknown): void
  /** The worker ended, or threw. */
  ended(reason: string): void
}

export type SpawnWorker = (events: WorkerEvents) => Promise<WorkerHandle>

/** Workers from the source text, or from a URL that serves it where a content policy forbids the text. */
export function workerSpawner(workerUrl?: string): SpawnWorker {
  return onNode() ? (events) => spawnOnNode(events, workerUrl) : async (events) => spawnInPage(events, workerUrl)
}

async function spawnOnNode(events: WorkerEvents, workerUrl?: string): Promise<WorkerHandle> {
  const { Worker } = await import('node:worker_threads')
  // The process's own flags (loaders, input types) are not for this source.
  const options = { execArgv: [] }
  const worker = workerUrl
    ? new Worker(new URL(workerUrl), options)
    : new Worker(workerSource, { ...options, eval: true })
  worker.on('message', events.message)
  worker.on('error', (error) => events.ended(String(error)))
  worker.on('exit', (code) => events.ended(`exit code ${code}`))
  worker.unref()
  return {
    post: (message) => worker.postMessage(message),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: async () => {
      await worker.terminate()
    },
  }
}

function spawnInPage(events: WorkerEvents, workerUrl?: string): WorkerHandle {
  const url = workerUrl ?? URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
  const worker = new Worker(url)
  worker.onmessage = (event: MessageEvent) => events.message(event.data)
  worker.onerror = (event) => events.ended(event.message)
  return {
    post: (message) => worker.postMessage(message),
    hold: () => {},
    terminate: async () => {
      worker.terminate()
      if (!workerUrl) URL.revokeObjectURL(url)
    },
  }
}
