import { ApiError } from './api-error.js'

/**
 * The JSON of a request's body. No more than `limit` bytes are taken in, whatever its header says. Throws ApiError: 413 for
 * a larger body, 400 for one that is no UTF-8 or no JSON object.
 */
export async function readJsonBody(request: Request, limit: number): Promise<Record<string, unknown>> {
  const tooLarge = (got: string) =>
    new ApiError(413, `body: expected at most ${limit} bytes, got ${got}. Send less at a time.`, {
      code: 'body_too_large',
      headers: { connection: 'close' },
    })
  const claimed = Number(request.headers.get('content-length') ?? 0)
  if (claimed > limit) throw tooLarge(`${claimed}`)
  const parts: Uint8Array[] = []
  let length = 0
  const reader = request.body?.getReader()
  try {
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      length += part.value.length
      if (length > limit) {
        await reader?.cancel()
        throw tooLarge('more')
      }
      parts.push(part.value)
    }
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw new ApiError(400, 'body: expected all of it, got an end in the middle. Send the request again.')
  }
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)))
  } catch (error) {
    const got = length === 0 ? 'nothing' : (error as Error).message.slice(0, 100)
    throw new ApiError(400, `body: expected a JSON object in UTF-8, got ${got}. Check the quotes and commas.`, {
      code: 'invalid_json',
    })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new ApiError(400, `body: expected a JSON object, got ${JSON.stringify(value).slice(0, 60)}.`, {
    code: 'invalid_json',
  })
}
