// The page itself only passes requests on to its worker, one at a time.
import type { Request } from '../measured/answer-requests.js'
import type { Figures } from '../measured/workload.js'

declare global {
  /** What the benchmark calls from outside. */
  var benchAnswer: (request: Request) => Promise<Figures>
}

const worker = new Worker('worker.js', { type: 'module' })
globalThis.benchAnswer = (request) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ figures: Figures } | { error: string }>) =>
      'error' in data ? reject(new Error(data.error)) : resolve(data.figures)
    worker.onerror = ({ message }) => reject(new Error(message))
    worker.postMessage(request)
  })
