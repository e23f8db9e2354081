// The page's worker: texts are read here, so that a hostile one stops nobody but itself.
import { answerRequests } from './answer-requests.js'
import type { Request } from './protocol.js'

const answer = answerRequests((report) => self.postMessage(report))
self.onmessage = ({ data }: MessageEvent<Request>) => void answer(data)
