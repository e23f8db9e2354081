import type { JsonValue } from '../document.js'
import type { TaskProgress, TaskSummary } from './run-task.js'
import type { StageName } from './stage.js'

/** What a thread is started with. */
export interface TaskThreadData {
  readonly entry: string
  readonly data: JsonValue
}

/** One task for a thread. */
export interface TaskOrder {
  readonly stage: StageName
  readonly rank: number
  readonly worldSize: number
}

/** What a thread says. */
export type TaskMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: TaskProgress }
  | { readonly kind: 'done'; readonly summary: TaskSummary }
  | { readonly kind: 'failed'; readonly error: TaskFailure }

/** An error on its way between threads: its class does not survive the copy. */
export interface TaskFailure {
  readonly name: string
  readonly message: string
  readonly parts: readonly [where: string, expected: string, got: string, hint: string] | null
}
