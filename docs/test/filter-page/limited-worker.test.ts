import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LOAD_LIMIT_MS, limitedWorker } from '../../src/filter-page/limited-worker.js'
import type { Report, Request } from '../../src/filter-page/protocol.js'

/** A worker that says what it is told to say, so that its silence can be told, too. */
class SilentWorker {
  onmessage: ((event: { data: Report }) => void) | null = null
  onerror: ((event: { message: string }) => void) | null = null
  ended = false
  readonly asked: Request[] = []
  postMessage(request: Request) {
    this.asked.push(request)
  }
  terminate() {
    this.ended = true
  }
  says(report: Report) {
    this.onmessage?.({ data: report })
  }
}

const REQUEST: Request = { type: 'judge', html: '<p>', extractor: 'readability' }
const ANSWER: Report = { type: 'refused', what: 'this', todo: 'that' }

function workers() {
  const all: SilentWorker[] = []
  const limited = limitedWorker(() => {
    const worker = new SilentWorker()
    all.push(worker)
    return worker as unknown as Worker
  }, 2000)
  return { limited, all }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a request that takes too long ends its worker, and the next one gets a fresh one', async () => {
  const { limited, all } = workers()
  const slow = limited.ask(REQUEST)
  all[0]?.says({ type: 'loaded' })
  vi.advanceTimersByTime(1999)
  expect(all[0]?.ended).toBe(false)
  vi.advanceTimersByTime(1)
  expect(all[0]?.ended).toBe(true)
  expect(await slow).toEqual({
    type: 'refused',
    what: 'This takes longer than 2 seconds, so it was stopped.',
    todo: 'A pipeline counts such a page and goes on. Paste a smaller one, or try the other extractor.',
  })
  const next = limited.ask(REQUEST)
  all[1]?.says({ type: 'loaded' })
  all[1]?.says(ANSWER)
  expect(await next).toBe(ANSWER)
  expect(all).toHaveLength(2)
})

test('the time starts when the code is there, and a worker that answers is asked again', async () => {
  const { limited, all } = workers()
  const first = limited.ask(REQUEST)
  vi.advanceTimersByTime(30_000)
  all[0]?.says({ type: 'loaded' })
  all[0]?.says(ANSWER)
  expect(await first).toBe(ANSWER)
  vi.advanceTimersByTime(30_000)
  const second = limited.ask(REQUEST)
  all[0]?.says({ type: 'loaded' })
  all[0]?.says(ANSWER)
  expect(await second).toBe(ANSWER)
  expect(all).toHaveLength(1)
  expect(all[0]?.ended).toBe(false)
})

test('a newer request ends the one before it', async () => {
  const { limited, all } = workers()
  const first = limited.ask(REQUEST)
  const second = limited.ask(REQUEST)
  expect(await first).toBe(null)
  expect(all[0]?.ended).toBe(true)
  // What was on its way from the ended worker is not the answer of the new one.
  all[0]?.says(ANSWER)
  all[1]?.says({ ...ANSWER, what: 'the other' } as Report)
  expect(await second).toMatchObject({ what: 'the other' })
})

test('code that does not come, or a worker that fails, is said', async () => {
  const { limited, all } = workers()
  const silent = limited.ask(REQUEST)
  vi.advanceTimersByTime(LOAD_LIMIT_MS)
  expect(await silent).toEqual({
    type: 'refused',
    what: 'The code of this page did not load.',
    todo: 'Look at the connection, then change something to try again.',
  })
  const failing = limited.ask(REQUEST)
  all[1]?.onerror?.({ message: 'out of memory' })
  expect(await failing).toMatchObject({
    what: 'The worker of this page failed: out of memory.',
    todo: 'Reload the page.',
  })
  expect(all[1]?.ended).toBe(true)
  const closed = limited.ask(REQUEST)
  limited.close()
  expect(await closed).toBe(null)
  expect(all[2]?.ended).toBe(true)
})
