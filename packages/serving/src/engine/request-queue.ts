import { AbortError } from '@almanac/tensor-core'

/** Lets one request run at a time, in the order in which they came. */
export interface RequestQueue {
  /** Running or waiting. */
  readonly length: number
  /** Seconds until a new request would begin, by the pace of those before it. */
  readonly waitSeconds: number
  /** False: the queue is full. */
  readonly hasRoom: boolean
  /**
   * Waits for the turn and gives what ends it, to be called once. Check `hasRoom` first. Rejects with AbortError when the
   * signal fires while it waits.
   */
  enter(signal: AbortSignal): Promise<() => void>
}

/** Before anything is known of the pace. */
const FIRST_GUESS_SECONDS = 1

export function requestQueue(maxWaiting: number): RequestQueue {
  const waiting: (() => void)[] = []
  let running = false
  let seconds = FIRST_GUESS_SECONDS
  const leave = (): void => {
    running = false
    waiting.shift()?.()
  }
  const begin = (): (() => void) => {
    running = true
    const from = performance.now()
    let left = false
    return () => {
      if (left) return
      left = true
      seconds = 0.7 * seconds + 0.3 * ((performance.now() - from) / 1000)
      leave()
    }
  }
  const length = () => waiting.length + (running ? 1 : 0)
  return {
    get length() {
      return length()
    },
    get waitSeconds() {
      return length() * seconds
    },
    get hasRoom() {
      return !running || waiting.length < maxWaiting
    },
    async enter(signal) {
      if (signal.aborted) throw new AbortError('queue')
      if (!running) return begin()
      return new Promise((resolve, reject) => {
        const turn = () => {
          signal.removeEventListener('abort', give)
          resolve(begin())
        }
        const give = () => {
          waiting.splice(waiting.indexOf(turn), 1)
          reject(new AbortError('queue'))
        }
        waiting.push(turn)
        signal.addEventListener('abort', give, { once: true })
      })
    },
  }
}
