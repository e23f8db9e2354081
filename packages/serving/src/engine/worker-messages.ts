import type { CompletionRequest, EngineEvent, EngineModel, EngineStats } from './engine.js'

/** An error as plain data; RequestErrors come out of the other end as such. */
export interface ErrorData {
  readonly kind: 'request' | 'abort' | 'other'
  readonly message: string
  readonly parts?: readonly [where: string, expected: string, got: string, hint: string]
}

export type ToWorker =
  | { readonly type: 'complete'; readonly id: number; readonly request: CompletionRequest }
  | { readonly type: 'abort'; readonly id: number }

export type FromWorker =
  | { readonly type: 'ready'; readonly model: EngineModel }
  | { readonly type: 'broken'; readonly error: ErrorData }
  | { readonly type: 'event'; readonly id: number; readonly event: EngineEvent; readonly stats: EngineStats }
  | { readonly type: 'error'; readonly id: number; readonly error: ErrorData; readonly stats: EngineStats }
