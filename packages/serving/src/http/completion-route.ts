import type { CompletionRequest, Engine } from '../engine/engine.js'
import type { RequestQueue } from '../engine/request-queue.js'
import type { Answers, Usage } from './answers.js'
import { ApiError } from './api-error.js'
import { toApiError } from './to-api-error.js'

export interface CompletionCall {
  readonly engine: Engine
  readonly queue: RequestQueue
  readonly request: CompletionRequest
  readonly answers: Answers
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Fires when the client goes away. */
  readonly signal: AbortSignal
  readonly log: (error: unknown) => void
}

/**
 * Waits for the turn, then answers whole or in chunks (server-sent events). Refusals come before the first byte: 429 where
 * the queue is full, 422 for what the model cannot do.
 */
export async function completionResponse(call: CompletionCall): Promise<Response> {
  const { engine, queue, request, answers } = call
  if (!queue.hasRoom) {
    const seconds = Math.max(1, Math.ceil(queue.waitSeconds))
    throw new ApiError(
      429,
      `server: expected fewer requests at a time, got ${queue.length} before this one. Try again in ${seconds} s.`,
      {
        type: 'rate_limit_error',
        code: 'queue_full',
        headers: { 'retry-after': `${seconds}` },
      },
    )
  }
  const controller = new AbortController()
  const abort = () => controller.abort()
  call.signal.addEventListener('abort', abort, { once: true })
  const leave = await queue.enter(controller.signal)
  const finish = () => {
    call.signal.removeEventListener('abort', abort)
    leave()
  }
  const events = engine.complete(request, controller.signal)[Symbol.asyncIterator]()
  try {
    const first = await events.next()
    const promptTokens = !first.done && first.value.type === 'start' ? first.value.promptTokens : 0
    if (call.stream) return eventStream(call, events, promptTokens, controller, finish)
    let text = ''
    for (let event = await events.next(); !event.done; event = await events.next()) {
      if (event.value.type === 'text') text += event.value.text
      if (event.value.type !== 'end') continue
      const { reason, completionTokens } = event.value
      finish()
      return Response.json(answers.whole(text, reason, { promptTokens, completionTokens }))
    }
    throw new Error('the engine gave no end')
  } catch (error) {
    await events.return?.()
    finish()
    throw error
  }
}

/** Chunks as `data: {json}` events, ended by `data: [DONE]`. Source: OpenAI's API reference, "Streaming". */
function eventStream(
  { answers, includeUsage, log }: CompletionCall,
  events: AsyncIterator<import('../engine/engine.js').EngineEvent>,
  promptTokens: number,
  controller: AbortController,
  finish: () => void,
): Response {
  const encoder = new TextEncoder()
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    const send = (data: object | '[DONE]') =>
      encoder.encode(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`)
    try {
      const opening = answers.first()
      if (opening) yield send(opening)
      for (let event = await events.next(); !event.done; event = await events.next()) {
        if (event.value.type === 'text') yield send(answers.piece(event.value.text))
        if (event.value.type !== 'end') continue
        const usage: Usage = { promptTokens, completionTokens: event.value.completionTokens }
        yield send(answers.last(event.value.reason))
        if (includeUsage) yield send(answers.usage(usage))
        yield send('[DONE]')
      }
    } catch (error) {
      if (!controller.signal.aborted) yield send(toApiError(error, log).toJSON())
    } finally {
      await events.return?.()
      finish()
    }
  }
  const chunks = pieces()
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const { value, done } = await chunks.next()
      if (done) stream.close()
      else stream.enqueue(value)
    },
    async cancel() {
      controller.abort()
      await chunks.return(undefined)
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  })
}
