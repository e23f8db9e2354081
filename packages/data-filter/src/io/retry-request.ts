import type { RetryOptions } from './retry-options.js'

/** What a failed try says of the next one: null where none is worth it. */
export interface RetryAdvice {
  readonly reason: string
  /** The wait the server asks for, in milliseconds. */
  readonly afterMs?: number
}

/**
 * Tries until it works, a failure is not worth another try, or the tries are used up; then the last failure is thrown. Waits grow
 * exponentially and are drawn evenly between 0 and their bound ("full jitter"), so that clients that failed together do not come
 * back together: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export async function retryRequest<T>(
  where: string,
  options: RetryOptions & { readonly signal?: AbortSignal },
  attempt: (retry: number) => Promise<T>,
  advise: (error: unknown) => RetryAdvice | null,
): Promise<T> {
  const { retries = 8, signal, onRetry } = options
  for (let retry = 0; ; retry++) {
    try {
      return await attempt(retry)
    } catch (error) {
      const advice = advise(error)
      if (advice === null || retry >= retries || signal?.aborted) throw error
      const delayMs = delayBefore(retry, options, advice.afterMs ?? 0)
      onRetry?.({ where, retry: retry + 1, delayMs, reason: advice.reason })
      await pause(delayMs, signal)
    }
  }
}

function delayBefore(retry: number, { firstDelayMs = 100, maxDelayMs = 20_000 }: RetryOptions, asked: number): number {
  const bound = Math.min(maxDelayMs, firstDelayMs * 2 ** retry)
  return Math.round(Math.min(maxDelayMs, Math.max(asked, Math.random() * bound)))
}

/** Waits; an abort ends the wait with the signal's reason. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
