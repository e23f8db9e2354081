import { parentPort, workerData } from 'node:worker_threads'
import type { Engine } from './engine.js'
import { EngineError } from './engine-error.js'
import { RequestError } from './request-error.js'
import type { ErrorData, FromWorker, ToWorker } from './worker-messages.js'

/**
 * What a worker's entry file calls: makes an engine from the data that `workerEngine` was given, and serves it to the other
 * thread. Rejects with EngineError outside of a worker.
 */
export async function serveEngine<D>(load: (data: D) => Promise<Engine>): Promise<void> {
  const port = parentPort
  if (!port) throw new EngineError('serveEngine', 'a worker thread', 'the main thread', 'Start it with workerEngine.')
  const send = (message: FromWorker) => port.postMessage(message)
  let engine: Engine
  try {
    engine = await load(workerData as D)
  } catch (error) {
    send({ type: 'broken', error: dataOf(error) })
    return
  }
  const running = new Map<number, AbortController>()
  const complete = async ({ id, request }: Extract<ToWorker, { type: 'complete' }>) => {
    const controller = running.get(id) as AbortController
    try {
      for await (const event of engine.complete(request, controller.signal)) {
        send({ type: 'event', id, event, stats: engine.stats() })
      }
    } catch (error) {
      send({ type: 'error', id, error: dataOf(error), stats: engine.stats() })
    } finally {
      running.delete(id)
    }
  }
  // One after the other: a request may come while the one before it, aborted, is still in its last token.
  let last: Promise<void> = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    if (message.type === 'abort') running.get(message.id)?.abort()
    else {
      running.set(message.id, new AbortController())
      last = last.then(() => complete(message))
    }
  })
  send({ type: 'ready', model: engine.model })
}

function dataOf(error: unknown): ErrorData {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof RequestError) {
    return { kind: 'request', message, parts: [error.where, error.expected, error.got, error.hint] }
  }
  return { kind: name === 'AbortError' ? 'abort' : 'other', message }
}
