import { createHash, timingSafeEqual } from 'node:crypto'
import { ApiError } from './api-error.js'

/** Compares a request's key with the server's in a time that does not tell how much of it is right. Throws ApiError 401. */
export function checkKey(key: string | undefined, header: string | undefined): void {
  if (key === undefined) return
  const given = /^Bearer (.+)$/i.exec(header ?? '')?.[1]
  const digest = (text: string) => createHash('sha256').update(text).digest()
  if (given !== undefined && timingSafeEqual(digest(given), digest(key))) return
  const got = given === undefined ? 'none' : 'another one'
  throw new ApiError(
    401,
    `authorization: expected "Bearer" and this server's key, got ${got}. Set the client's API key.`,
    {
      type: 'authentication_error',
      code: 'invalid_api_key',
      headers: { 'www-authenticate': 'Bearer' },
    },
  )
}
