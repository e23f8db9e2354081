// A workload in a process of its own, driven by a line of JSON a request on stdin; answers are lines on stdout.
import { createInterface } from 'node:readline'
import { answerRequests, type Request } from '../measured/answer-requests.js'
import { peakBytes, residentBytes } from '../shared/peak-memory.js'

// Everything that a training program imports is here now: what comes on top is the work's.
const imported = residentBytes()
const answer = answerRequests()
console.log(JSON.stringify({ version: process.version }))
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request | { readonly ask: 'memory' }
  const figures =
    'ask' in request && request.ask === 'memory'
      ? { addedMiB: (peakBytes() - imported) / 2 ** 20, peakMiB: peakBytes() / 2 ** 20 }
      : await answer(request as Request)
  console.log(JSON.stringify(figures))
}
process.exit(0)
