// The page's worker: training and sampling happen here, so that the page stays free for its reader.
import { findBackends } from '@almanac/tensor-core'
import { answerRequests } from './answer-requests.js'

const answer = answerRequests({ find: () => findBackends(), report: (report) => self.postMessage(report) })
self.onmessage = ({ data }: MessageEvent<unknown>) => void answer(data)
