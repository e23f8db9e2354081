import { OptionError } from '../data-filter-error.js'

/** One more try, as `onRetry` hears of it. */
export interface Retry {
  /** What is tried again: the method and the address. */
  readonly where: string
  /** 1 for the first retry. */
  readonly retry: number
  readonly delayMs: number
  /** What came instead of an answer. */
  readonly reason: string
}

export interface RetryOptions {
  /** Tries after the first one. 8 unless given. */
  readonly retries?: number
  /** The first retry waits up to this many milliseconds, each later one up to twice as many as the one before. 100 unless given. */
  readonly firstDelayMs?: number
  /** No retry waits longer, whatever the server asks for. 20 000 unless given. */
  readonly maxDelayMs?: number
  readonly onRetry?: (retry: Retry) => void
}

/** Throws OptionError where a number makes no sense. */
export function checkRetryOptions(where: string, options: RetryOptions): void {
  const { retries = 0, firstDelayMs = 0, maxDelayMs = 0 } = options
  for (const [name, value] of Object.entries({ retries, firstDelayMs, maxDelayMs })) {
    if (Number.isSafeInteger(value) && value >= 0) continue
    throw new OptionError(where, `${name} to be a whole number from 0 on`, `${value}`, 'Leave it out for the default.')
  }
}
