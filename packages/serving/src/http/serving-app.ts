import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import type { Engine } from '../engine/engine.js'
import { requestQueue } from '../engine/request-queue.js'
import { type Answers, chatAnswers, completionAnswers } from './answers.js'
import { ApiError } from './api-error.js'
import { checkKey } from './check-key.js'
import { completionResponse } from './completion-route.js'
import { parseFields } from './parse-fields.js'
import { readJsonBody } from './read-json-body.js'
import { chatFields, chatRequest, completionFields, completionRequest } from './request-fields.js'
import { toApiError } from './to-api-error.js'

export interface ServingOptions {
  /** Clients must send it as `Authorization: Bearer <key>`. Default: none is asked for. */
  readonly apiKey?: string
  /** Requests that wait beside the one that runs; more are answered with 429. Default 16. */
  readonly maxQueue?: number
  /** Bytes of a request's body at most. Default 1 MiB. */
  readonly maxBodyBytes?: number
  /** Gets what went wrong and was no fault of a request. Default: console.error. */
  readonly log?: (error: unknown) => void
}

const ROUTES: Readonly<Record<string, string>> = {
  '/health': 'GET',
  '/v1/models': 'GET',
  '/v1/completions': 'POST',
  '/v1/chat/completions': 'POST',
}

/**
 * OpenAI's HTTP interface on an engine: /health, /v1/models, /v1/completions and /v1/chat/completions, streaming or not,
 * as a Hono app to which routes of one's own can be added. One request runs at a time, in the order in which they came;
 * a client that goes away gives up its place. Errors have OpenAI's form and never a stack.
 */
export function servingApp(engine: Engine, options: ServingOptions = {}): Hono {
  const { apiKey, maxQueue = 16, maxBodyBytes = 2 ** 20, log = console.error } = options
  const queue = requestQueue(maxQueue)
  const app = new Hono()
  const model = { id: engine.model.id, object: 'model', created: engine.model.created, owned_by: 'almanac' }

  app.use(async (c, next) => {
    await next()
    c.res.headers.set('x-request-id', randomUUID())
  })
  app.onError((error) => toApiError(error, log).toResponse())
  app.notFound((c) => {
    const method = ROUTES[c.req.path]
    const got = `${c.req.method} ${c.req.path.slice(0, 100)}`
    const expected = method
      ? `${method} ${c.req.path}`
      : Object.entries(ROUTES)
          .map(([path, m]) => `${m} ${path}`)
          .join(', ')
    const headers: Record<string, string> = method ? { allow: method } : {}
    return new ApiError(404, `route: expected ${expected}, got ${got}.`, {
      code: 'unknown_route',
      headers,
    }).toResponse()
  })
  app.use('/v1/*', async (c, next) => {
    checkKey(apiKey, c.req.header('authorization'))
    await next()
  })

  app.get('/health', (c) => {
    const { completed, aborted, failed, tokens } = engine.stats()
    return c.json({ status: 'ok', model: model.id, queue: queue.length, completed, aborted, failed, tokens })
  })
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [model] }))
  app.get('/v1/models/:id{.+}', (c) => {
    checkModel(c.req.param('id'))
    return c.json(model)
  })

  const checkModel = (id: string | null | undefined): void => {
    if (id == null || id === model.id) return
    throw new ApiError(404, `model: expected '${model.id}', got '${id.slice(0, 60)}'. GET /v1/models lists them.`, {
      param: 'model',
      code: 'model_not_found',
    })
  }
  const respond = (
    signal: AbortSignal,
    fields: {
      stream?: boolean | null | undefined
      stream_options?: { include_usage?: boolean | null | undefined } | null | undefined
    },
    request: ReturnType<typeof completionRequest>,
    answersOf: (model: string, withUsage: boolean) => Answers,
  ): Promise<Response> => {
    const includeUsage = fields.stream_options?.include_usage ?? false
    const stream = fields.stream ?? false
    const answers = answersOf(model.id, includeUsage)
    return completionResponse({ engine, queue, request, answers, stream, includeUsage, signal, log })
  }
  app.post('/v1/completions', async (c) => {
    const fields = parseFields(completionFields, await readJsonBody(c.req.raw, maxBodyBytes))
    checkModel(fields.model)
    return respond(c.req.raw.signal, fields, completionRequest(fields), completionAnswers)
  })
  app.post('/v1/chat/completions', async (c) => {
    const fields = parseFields(chatFields, await readJsonBody(c.req.raw, maxBodyBytes))
    checkModel(fields.model)
    return respond(c.req.raw.signal, fields, chatRequest(fields), chatAnswers)
  })
  return app
}
