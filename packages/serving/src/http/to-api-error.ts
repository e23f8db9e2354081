import { EngineError } from '../engine/engine-error.js'
import { RequestError } from '../engine/request-error.js'
import { ApiError } from './api-error.js'

/** Any failure as an answer. What is no fault of the request is told in the log, not to the client. */
export function toApiError(error: unknown, log: (error: unknown) => void): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof RequestError) {
    return new ApiError(422, error.message, { param: error.where, code: 'invalid_value' })
  }
  if (error instanceof Error && error.name === 'AbortError') {
    return new ApiError(400, 'request: expected a client that waits for the answer, got one that went away.')
  }
  log(error)
  if (error instanceof EngineError) {
    return new ApiError(503, 'server: expected a running model, got one that has ended. Start the server again.', {
      code: 'engine_down',
    })
  }
  return new ApiError(500, 'server: expected an answer, got an internal error. The server log says more.', {
    code: 'internal_error',
  })
}
