import { extractDocument } from './extract-document.js'
import type { ExtractionAnswer, ExtractionTask, ExtractionWorkerData } from './extraction-worker-messages.js'

/** Has every path of the extractors compiled once, so that the first page's time is its own. */
const WARM_UP = `<title>One</title><body><div class="nav"><ul><li><a href="#">Two</a></li></ul></div><article>${'<p>Some words, and more of them, in a paragraph that is long enough to be one, says the author.</p>'.repeat(20)}</article>`

/** The other end of an extraction pool, in its worker thread: answers pages until the pool ends it. */
export async function serveExtraction(): Promise<void> {
  const { parentPort, workerData } = await import('node:worker_threads')
  const { extractor, maxBytes, answered } = workerData as ExtractionWorkerData
  const answer = (page: number, html: string, url: string): void => {
    const extraction = extractDocument(html, { extractor, maxBytes, url })
    Atomics.store(answered, 0, page)
    parentPort?.postMessage({ page, extraction } satisfies ExtractionAnswer)
  }
  parentPort?.on('message', ({ page, html, url }: ExtractionTask) => answer(page, html, url))
  answer(0, WARM_UP, '')
}
