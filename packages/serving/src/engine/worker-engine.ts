import { Worker } from 'node:worker_threads'
import { AbortError } from '@almanac/tensor-core'
import type { Engine, EngineEvent, EngineModel, EngineStats } from './engine.js'
import { EngineError } from './engine-error.js'
import { RequestError } from './request-error.js'
import type { ErrorData, FromWorker } from './worker-messages.js'

/** A request whose events arrive faster or slower than they are read. */
interface Inbox {
  readonly events: (EngineEvent | Error)[]
  wake: (() => void) | null
}

/**
 * An engine in a worker thread, so that writing text never holds up the thread that answers requests. `entry` is a module
 * that calls `serveEngine`, `data` what its loader gets (plain data). Rejects where the model cannot be loaded; when the
 * worker dies later, requests fail with EngineError from then on.
 */
export async function workerEngine(entry: URL, data: unknown): Promise<Engine> {
  const worker = new Worker(entry, { workerData: data, execArgv: [] })
  const inboxes = new Map<number, Inbox>()
  let stats: EngineStats = { completed: 0, aborted: 0, failed: 0, tokens: 0 }
  let dead: EngineError | null = null
  let next = 0
  const put = (id: number, event: EngineEvent | Error): void => {
    const inbox = inboxes.get(id)
    inbox?.events.push(event)
    inbox?.wake?.()
  }
  const model = await new Promise<EngineModel>((resolve, reject) => {
    const end = (reason: string) => {
      dead ??= new EngineError('engine', 'a worker that stays alive', reason, 'Start the server again.')
      for (const id of inboxes.keys()) put(id, dead)
      reject(dead)
    }
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') return resolve(message.model)
      if (message.type === 'broken') {
        reject(errorOf(message.error))
        return void worker.terminate()
      }
      stats = message.stats
      put(message.id, message.type === 'event' ? message.event : errorOf(message.error))
    })
    worker.on('error', (error) => end(String(error)))
    worker.on('exit', (code) => end(`exit code ${code}`))
  })
  return {
    model,
    async *complete(request, signal) {
      if (dead) throw dead
      if (signal.aborted) throw new AbortError('complete')
      const id = next++
      const inbox: Inbox = { events: [], wake: null }
      inboxes.set(id, inbox)
      const abort = () => worker.postMessage({ type: 'abort', id })
      signal.addEventListener('abort', abort, { once: true })
      worker.postMessage({ type: 'complete', id, request })
      let ended = false
      try {
        while (!ended) {
          const event = inbox.events.shift()
          if (!event) {
            await new Promise<void>((resolve) => {
              inbox.wake = resolve
            })
            inbox.wake = null
            continue
          }
          ended = event instanceof Error || event.type === 'end'
          if (event instanceof Error) throw event
          yield event
        }
      } finally {
        signal.removeEventListener('abort', abort)
        inboxes.delete(id)
        if (!ended) abort()
      }
    },
    stats: () => stats,
    async close() {
      dead ??= new EngineError('engine', 'an open engine', 'one that was closed')
      await worker.terminate()
    },
  }
}

function errorOf({ kind, message, parts }: ErrorData): Error {
  if (kind === 'abort') return new AbortError('complete')
  if (parts) return new RequestError(...parts)
  return new Error(message)
}
