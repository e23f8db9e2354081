import type { Answer, Report, Request } from './protocol.js'
import { spawnWorker } from './spawn-worker.js'

/** Milliseconds that a text may take in the worker: FineWeb's extractors had one second a page. */
export const TIME_LIMIT_MS = 4000
/** Milliseconds that the worker's code may take to arrive. */
export const LOAD_LIMIT_MS = 60_000

export interface LimitedWorker {
  /**
   * Resolves with the worker's answer, or with a refusal when it took too long: then the worker is ended, and the next request gets a
   * fresh one. A request that a newer one overtakes is ended the same way and resolves with null.
   */
  ask(request: Request): Promise<Answer | null>
  /** Ends the worker, and the request with it. */
  close(): void
}

const refused = (what: string, todo: string): Answer => ({ type: 'refused', what, todo })

/** A worker with one request at a time and a limit to each, which ends whatever does not end by itself. */
export function limitedWorker(spawn: () => Worker = spawnWorker, limitMs = TIME_LIMIT_MS): LimitedWorker {
  let worker: Worker | null = null
  /** Settles the request in progress. */
  let settle: ((answer: Answer | null) => void) | null = null

  const close = () => {
    worker?.terminate()
    worker = null
    settle?.(null)
  }
  const ask = (request: Request): Promise<Answer | null> => {
    if (settle) close()
    worker ??= spawn()
    const asked = worker
    return new Promise((resolve) => {
      let timer: ReturnType<typeof setTimeout>
      const done = (answer: Answer | null) => {
        clearTimeout(timer)
        settle = null
        resolve(answer)
      }
      /** The worker is of no use any more. */
      const end = (answer: Answer) => {
        asked.terminate()
        worker = null
        done(answer)
      }
      settle = done
      timer = setTimeout(
        () =>
          end(
            refused(
              'The code of this page did not load.',
              'Look at the connection, then change something to try again.',
            ),
          ),
        LOAD_LIMIT_MS,
      )
      asked.onmessage = ({ data }: MessageEvent<Report>) => {
        // What an ended worker had sent before.
        if (settle !== done) return
        if (data.type !== 'loaded') return done(data)
        clearTimeout(timer)
        timer = setTimeout(
          () =>
            end(
              refused(
                `This takes longer than ${limitMs / 1000} seconds, so it was stopped.`,
                'A pipeline counts such a page and goes on. Paste a smaller one, or try the other extractor.',
              ),
            ),
          limitMs,
        )
      }
      asked.onerror = ({ message }) => {
        if (settle === done)
          end(refused(`The worker of this page failed: ${message || 'it did not load'}.`, 'Reload the page.'))
      }
      asked.postMessage(request)
    })
  }
  return { ask, close }
}
