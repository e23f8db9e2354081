/** Bytes that a pass touches: of a bound buffer, or of the arena. */
export interface Touched {
  /** Number of the bound slot, or 'arena'. */
  readonly space: number | 'arena'
  readonly start: number
  readonly end: number
  readonly writes: boolean
}

const meet = (a: Touched, b: Touched): boolean =>
  (a.writes || b.writes) && a.space === b.space && a.start < b.end && b.start < a.end

/** What passes have touched since the threads last met, and whether another one must wait for them. */
export function memoryConflicts() {
  let [together, alone]: [Touched[], Touched[]] = [[], []]
  return {
    /**
     * True if a pass must wait for the other threads. What one thread runs alone is in order by itself: it waits only for
     * what was run together.
     */
    mustMeet(pass: readonly Touched[], solo: boolean): boolean {
      const earlier = solo ? together : [...together, ...alone]
      return pass.some((touched) => earlier.some((before) => meet(touched, before)))
    },
    add(pass: readonly Touched[], solo: boolean): void {
      ;(solo ? alone : together).push(...pass)
    },
    /** The threads have met. */
    clear(): void {
      ;[together, alone] = [[], []]
    },
  }
}
