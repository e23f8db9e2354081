import type { FinishReason } from '@almanac/language-model'

/** Who says what, in a chat. */
export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: string
}

/** What a text goes on from: plain text, token ids, or a chat that the model's template makes a text of. */
export type Prompt =
  | { readonly text: string }
  | { readonly ids: readonly number[] }
  | { readonly messages: readonly ChatMessage[] }

/** One text to write. Plain data: it travels to worker threads. */
export interface CompletionRequest {
  readonly prompt: Prompt
  /** Tokens to write at most; default: as many as the positions allow. */
  readonly maxTokens?: number
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly seed?: number
  /** Strings that end the text, themselves left out. Default: none. */
  readonly stop?: readonly string[]
}

/** How a text comes: its prompt's length, then pieces, then why it ended. */
export type EngineEvent =
  | { readonly type: 'start'; readonly promptTokens: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'end'; readonly reason: FinishReason; readonly completionTokens: number }

export interface EngineModel {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly vocabularySize: number
  /** Longest prompt and text together, in tokens. */
  readonly maxPositions: number
}

/** Since the engine was made. */
export interface EngineStats {
  readonly completed: number
  readonly aborted: number
  readonly failed: number
  /** Tokens written in all. */
  readonly tokens: number
}

/** What writes text behind the HTTP server. */
export interface Engine {
  readonly model: EngineModel
  /**
   * Writes one text. Ends early with AbortError when the signal fires. Throws RequestError for what the model cannot do,
   * EngineError where the engine itself is broken.
   */
  complete(request: CompletionRequest, signal: AbortSignal): AsyncIterable<EngineEvent>
  stats(): EngineStats
  close(): Promise<void>
}
