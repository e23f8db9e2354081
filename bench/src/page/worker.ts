// The page's side of the browser benchmark: a dedicated worker, as an app would have one, because a page's main thread may
// not block while threads meet. It answers the same requests as src/processes/workload.ts.
import { answerRequests, type Request } from '../measured/answer-requests.js'

const answer = answerRequests()
self.onmessage = async ({ data }: MessageEvent<Request>) => {
  try {
    self.postMessage({ figures: await answer(data) })
  } catch (error) {
    self.postMessage({ error: String((error as Error).stack ?? error) })
  }
}
