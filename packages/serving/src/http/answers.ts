import { randomUUID } from 'node:crypto'
import type { FinishReason } from '@almanac/language-model'

/** Tokens of a prompt and of what was written. */
export interface Usage {
  readonly promptTokens: number
  readonly completionTokens: number
}

/** The bodies of one kind of answer, whole and in chunks. */
export interface Answers {
  whole(text: string, reason: FinishReason, usage: Usage): object
  /** The chunk that opens a stream, or null where there is none. */
  first(): object | null
  piece(text: string): object
  last(reason: FinishReason): object
  /** The extra chunk that stream_options.include_usage asks for. */
  usage(usage: Usage): object
}

const usageOf = ({ promptTokens, completionTokens }: Usage) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
})

/** Answers of /v1/completions. `withUsage`: chunks carry a usage of null, because one with the numbers will come. */
export function completionAnswers(model: string, withUsage: boolean): Answers {
  const head = { id: `cmpl-${randomUUID()}`, object: 'text_completion', created: Math.floor(Date.now() / 1000), model }
  const pending = withUsage ? { usage: null } : {}
  const choice = (text: string, reason: FinishReason | null) => [
    { index: 0, text, logprobs: null, finish_reason: reason },
  ]
  return {
    whole: (text, reason, usage) => ({ ...head, choices: choice(text, reason), usage: usageOf(usage) }),
    first: () => null,
    piece: (text) => ({ ...head, choices: choice(text, null), ...pending }),
    last: (reason) => ({ ...head, choices: choice('', reason), ...pending }),
    usage: (usage) => ({ ...head, choices: [], usage: usageOf(usage) }),
  }
}

/** Answers of /v1/chat/completions. */
export function chatAnswers(model: string, withUsage: boolean): Answers {
  const created = Math.floor(Date.now() / 1000)
  const id = `chatcmpl-${randomUUID()}`
  const head = { id, object: 'chat.completion.chunk', created, model }
  const pending = withUsage ? { usage: null } : {}
  const chunk = (delta: object, reason: FinishReason | null) => ({
    ...head,
    choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
    ...pending,
  })
  return {
    whole: (text, reason, usage) => ({
      ...head,
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: text, refusal: null },
          logprobs: null,
          finish_reason: reason,
        },
      ],
      usage: usageOf(usage),
    }),
    first: () => chunk({ role: 'assistant', content: '' }, null),
    piece: (text) => chunk({ content: text }, null),
    last: (reason) => chunk({}, reason),
    usage: (usage) => ({ ...head, choices: [], usage: usageOf(usage) }),
  }
}
