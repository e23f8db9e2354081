export interface StageTime {
  readonly name: string
  readonly units: number
  readonly milliseconds: number
}

export interface CaseResult {
  readonly name: string
  readonly documents: number
  readonly seconds: number
  /** Of the undisturbed run's process. */
  readonly peakMiB: number
  readonly stages: readonly StageTime[]
  readonly kills: {
    readonly byStage: Readonly<Record<string, number>>
    readonly total: number
    /** Files that the undisturbed run left, and those that the killed one left otherwise. */
    readonly files: number
    readonly different: readonly string[]
  } | null
}

/** What results.json holds. */
export interface Results {
  readonly date: string
  readonly command: string
  readonly machine: string
  readonly originals: string
  readonly cases: readonly CaseResult[]
}
