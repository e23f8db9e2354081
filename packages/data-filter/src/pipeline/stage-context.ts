import type { CheckedFile } from '../manifest/checked-file.js'
import type { Storage } from '../storage.js'
import type { Pipeline } from './pipeline.js'
import type { StageCounts } from './stage-counts.js'

/** What a stage gets to do one unit of its work. */
export interface StageContext {
  readonly pipeline: Pipeline
  readonly storage: Storage
  readonly unit: number
  /** Called after each record, with the UTF-16 units of its text. */
  readonly onRecord: (characters: number) => void
  /** Called with bytes as they are read from the inputs. */
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal | undefined
}

/** What a unit of work leaves for its manifest. */
export interface UnitResult {
  readonly files: Readonly<Record<string, CheckedFile>>
  readonly counts: StageCounts | null
}
