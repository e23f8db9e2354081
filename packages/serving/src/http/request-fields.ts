import { z } from 'zod'
import type { CompletionRequest, Prompt } from '../engine/engine.js'
import { samplingFields } from './sampling-fields.js'

const id = z.int().min(0)
const prompt = z.union([
  z.string(),
  z.array(id).min(1),
  z
    .array(z.union([z.string(), z.array(id).min(1)]))
    .min(1)
    .max(1),
])

/** The body of POST /v1/completions. Source: OpenAI's API reference, "Create completion". */
export const completionFields = z.object({ ...samplingFields, prompt })

/** The body of POST /v1/chat/completions. Source: OpenAI's API reference, "Create chat completion". */
export const chatFields = z.object({
  ...samplingFields,
  max_completion_tokens: z.int().min(1).nullish(),
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'developer', 'user', 'assistant']),
        content: z.union([z.string(), z.array(z.object({ type: z.literal('text'), text: z.string() }))]),
        name: z.string().nullish(),
      }),
    )
    .min(1),
})

/** OpenAI's default for completions; a chat may fill the context. */
const DEFAULT_COMPLETION_TOKENS = 16

export function completionRequest(fields: z.infer<typeof completionFields>): CompletionRequest {
  const given = fields.prompt
  const only = Array.isArray(given) && typeof given[0] !== 'number' ? (given[0] as string | number[]) : given
  const request: Prompt = typeof only === 'string' ? { text: only } : { ids: only as number[] }
  return { ...sampling(fields), prompt: request, maxTokens: fields.max_tokens ?? DEFAULT_COMPLETION_TOKENS }
}

export function chatRequest(fields: z.infer<typeof chatFields>): CompletionRequest {
  const messages = fields.messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? content : content.map(({ text }) => text).join(''),
  }))
  const maxTokens = fields.max_completion_tokens ?? fields.max_tokens
  return { ...sampling(fields), prompt: { messages }, ...(maxTokens ? { maxTokens } : {}) }
}

function sampling(fields: z.infer<z.ZodObject<typeof samplingFields>>): Omit<CompletionRequest, 'prompt'> {
  const { temperature, top_p: topP, top_k: topK, stop } = fields
  return {
    temperature: temperature ?? 1,
    // Without a seed every request is another draw.
    seed: fields.seed ?? Math.floor(Math.random() * 2 ** 32),
    ...(topP == null ? {} : { topP }),
    ...(topK == null ? {} : { topK }),
    stop: stop == null ? [] : [stop].flat(),
  }
}
