/** How fast a run is and how long it will take. */
export interface Pace {
  readonly tokensPerSecond: number
  /** Until the last update, at the present pace. */
  readonly remainingSeconds: number
  readonly elapsedSeconds: number
}

export interface PaceOptions {
  /** The update with which this process begins, after those of earlier ones. */
  readonly firstStep: number
  /** Updates in all. */
  readonly steps: number
  readonly tokensPerStep: number
  /** A clock in milliseconds; for tests. */
  readonly now?: () => number
}

/** Older updates count e times less after this time. */
const MEMORY_SECONDS = 15

/**
 * Smooths the time of an update with an exponential average, leaving out the first, which compiles. Call it after every
 * update, with the number of updates made. Time between `pause()` and the next call is not counted as an update's.
 */
export function paceOf(options: PaceOptions): { after(stepsDone: number): Pace; pause(): () => void } {
  const { firstStep, steps, tokensPerStep, now = () => performance.now() } = options
  const begun = now()
  let last = begun
  let paused = 0
  let weighted = 0
  let weight = 0
  return {
    after(stepsDone) {
      const time = now()
      const seconds = Math.max(1e-9, (time - last - paused) / 1000)
      last = time
      paused = 0
      if (stepsDone > firstStep + 1) {
        const keep = Math.exp(-seconds / MEMORY_SECONDS)
        // Divided by the sum of the weights, so that the first measurements are not drawn towards zero.
        weighted = keep * weighted + (1 - keep) * seconds
        weight = keep * weight + (1 - keep)
      }
      const each = weight > 0 ? weighted / weight : seconds
      return {
        tokensPerSecond: tokensPerStep / each,
        remainingSeconds: Math.max(0, steps - stepsDone) * each,
        elapsedSeconds: (time - begun) / 1000,
      }
    },
    pause() {
      const from = now()
      return () => {
        paused += now() - from
      }
    },
  }
}
