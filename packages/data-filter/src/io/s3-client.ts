import { retryRequest } from './retry-request.js'
import { connect, type S3Connection } from './s3-connection.js'
import { errorOfAnswer, errorOfConnection, isRetryable, S3Error } from './s3-error.js'
import type { S3StorageOptions } from './s3-options.js'
import { s3Signer } from './s3-signer.js'

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** The whole key; none for requests about the bucket. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface S3Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Tries before this one that had no answer, or one that said "later": the service may have done them all the same. */
  readonly retries: number
}

export interface S3Client {
  readonly options: S3StorageOptions
  /** What messages call the request: `PUT s3://bucket/key`. */
  where(request: S3Request): string
  /** One try, with the body still to come. Throws S3Error for a status that is neither 2xx nor among `accepts`. */
  open(request: S3Request, accepts: readonly number[], tries: number): Promise<S3Connection>
  /**
   * Tries as often as the options say. `accepts` are the statuses beside 2xx that are answers; `complete` says whether a body of
   * status 200 is what was asked for: services send errors in such bodies, and proxies send pages.
   */
  ask(request: S3Request, accepts?: readonly number[], complete?: (text: string) => boolean): Promise<S3Answer>
  /** Tries again whatever this client threw and is worth it. */
  retried<T>(where: string, attempt: (retry: number) => Promise<T>): Promise<T>
}

/** An answer about the bucket is at most a page of 1000 keys of 1024 bytes, each byte written as three signs. */
const MAX_ANSWER_BYTES = 8 * 2 ** 20

export function s3Client(options: S3StorageOptions): S3Client {
  const { bucket, timeoutMs = 60_000, signal } = options
  const send = options.fetch ?? ((url, init) => fetch(url, init))
  const sign = s3Signer(options)
  const base = baseOf(options)

  const where = ({ method, key }: S3Request) => `${method} s3://${bucket}${key === undefined ? '' : `/${key}`}`
  const open: S3Client['open'] = async (request, accepts, tries) => {
    const url = urlOf(base, request)
    const { method, body } = request
    const headers = await sign(url, method, request.headers ?? {}, body)
    const connection = await connected(where(request), tries, signal, () =>
      connect(
        (init) =>
          send(url, {
            ...init,
            method,
            headers,
            body: body as BodyInit | undefined,
            redirect: 'manual',
            cache: 'no-store',
          }),
        timeoutMs,
        signal,
      ),
    )
    const { status } = connection
    if ((status >= 200 && status < 300) || accepts.includes(status)) return connection
    const text = await textOf(connection).catch(() => '')
    throw errorOfAnswer(where(request), status, connection.headers, text, tries)
  }
  const retried: S3Client['retried'] = (at, attempt) => retryRequest(at, options, attempt, adviceOn)
  return {
    options,
    where,
    open,
    retried,
    ask: (request, accepts = [], complete = () => true) =>
      retried(where(request), async (retries) => {
        const connection = await open(request, accepts, retries + 1)
        const text = await connected(where(request), retries + 1, signal, () => textOf(connection))
        const { status, headers } = connection
        if (status === 200 && !complete(text)) {
          throw errorOfAnswer(where(request), status, headers, text, retries + 1)
        }
        return { status, headers, text, retries }
      }),
  }
}

function adviceOn(error: unknown) {
  if (!(error instanceof S3Error) || !isRetryable(error)) return null
  return { reason: error.got, afterMs: error.retryAfterMs }
}

/** What breaks on the way becomes an S3Error; what the caller stops keeps the caller's reason. */
async function connected<T>(
  where: string,
  tries: number,
  signal: AbortSignal | undefined,
  body: () => Promise<T>,
): Promise<T> {
  try {
    return await body()
  } catch (error) {
    if (signal?.aborted) throw signal.reason
    throw errorOfConnection(where, error, tries)
  }
}

async function textOf(connection: S3Connection): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let piece = await connection.next(); piece !== null; piece = await connection.next()) {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) {
      connection.close()
      throw new Error(`more than ${MAX_ANSWER_BYTES} bytes, which no answer of S3 has`)
    }
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}

function baseOf({ bucket, endpoint, region = 'us-east-1', pathStyle }: S3StorageOptions): string {
  const url = new URL(endpoint ?? `https://s3.${region}.amazonaws.com`)
  // A certificate for *.host has no name with further dots in it.
  const inPath = pathStyle ?? (endpoint !== undefined || bucket.includes('.'))
  const path = url.pathname.replace(/\/$/, '')
  return inPath ? `${url.origin}${path}/${bucket}` : `${url.protocol}//${bucket}.${url.host}${path}`
}

// What encodeURIComponent leaves and signatures do not.
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function urlOf(base: string, { key, query = {} }: S3Request): string {
  const path = key === undefined ? '' : `/${key.split('/').map(encode).join('/')}`
  const search = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return `${base}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`
}
