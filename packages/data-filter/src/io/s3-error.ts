import { StorageError } from '../data-filter-error.js'
import { childText, parseXml } from './s3-xml.js'

export interface S3Said {
  /** The status of HTTP, 0 where no answer came. */
  readonly status: number
  /** As S3's list of errors has it; empty where the answer had none. */
  readonly code: string
  readonly requestId: string
  /** The wait the service asks for. */
  readonly retryAfterMs?: number
}

/** A request that failed, with what S3 said of it in fields. */
export class S3Error extends StorageError implements S3Said {
  readonly status: number
  readonly code: string
  readonly requestId: string
  readonly retryAfterMs: number

  constructor(where: string, expected: string, got: string, hint: string, said: S3Said) {
    super(where, expected, got, hint)
    this.status = said.status
    this.code = said.code
    this.requestId = said.requestId
    this.retryAfterMs = said.retryAfterMs ?? 0
  }
}

/** Answers that say "later": https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 500, 502, 503, 504])
/** Errors that come in the body of an answer of status 200, after the service had begun to answer. */
const RETRYABLE_CODE: ReadonlySet<string> = new Set([
  'InternalError',
  'SlowDown',
  'ServiceUnavailable',
  'RequestTimeout',
])

export const isRetryable = ({ status, code }: S3Error): boolean =>
  status === 0 || RETRYABLE_STATUS.has(status) || (status === 200 && (code === '' || RETRYABLE_CODE.has(code)))

const hintsOfCode: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Make the bucket, or correct its name, the endpoint or the region.',
  NoSuchKey: 'See what list gives.',
  NoSuchUpload: 'Something aborted this upload, perhaps a lifecycle rule of the bucket; write the file again.',
  RequestTimeTooSkewed: "Set this machine's clock: signatures hold for 15 minutes.",
  ExpiredToken: 'The credentials are too old; give new ones, or a function that renews them.',
  InvalidAccessKeyId: 'Give an access key that this service knows.',
  SignatureDoesNotMatch: 'Check the secret key and the region, and that no proxy changes the request.',
  AuthorizationHeaderMalformed: 'Give the region that the answer names.',
  PermanentRedirect: 'Give the region or endpoint that the bucket lies in.',
  EntityTooSmall: 'Give a larger partBytes.',
  EntityTooLarge: 'Give a larger partBytes.',
}

const hintsOfStatus: Readonly<Record<number, string>> = {
  301: 'Give the region or endpoint that the bucket lies in.',
  307: 'Give the region or endpoint that the bucket lies in.',
  400: 'Check region, endpoint and credentials.',
  401: 'Give credentials.',
  403: "Check the credentials, what they may do, and this machine's clock; without the right to list, S3 says 403 for what is missing.",
  404: 'Check bucket, prefix and endpoint.',
  429: 'Read and write with fewer workers, or allow more retries.',
  500: 'Try later, or allow more retries.',
  502: 'Try later, or allow more retries.',
  503: 'Read and write with fewer workers, or allow more retries.',
  504: 'Try later, or allow more retries.',
}

const afterTries = (tries: number): string => (tries > 1 ? `, after ${tries} tries` : '')

/** The error of an answer: its status, headers and body, and how often was asked. */
export function errorOfAnswer(where: string, status: number, headers: Headers, body: string, tries: number): S3Error {
  const root = parseXml(body)
  const error = root?.name === 'Error' ? root : null
  const code = (error && childText(error, 'Code')) ?? ''
  const message = (error && childText(error, 'Message')) ?? ''
  const requestId = (error && childText(error, 'RequestId')) || headers.get('x-amz-request-id') || ''
  // A status that says "done" needs to be shown with what came: a proxy's page, half an answer.
  const shown = message || (status === 200 ? body : '')
  const said = [`status ${status}`, code, shown && `(${cut(shown)})`].filter(Boolean).join(' ')
  const got = `${requestId ? `${said}, request id ${cut(requestId)}` : said}${afterTries(tries)}`
  const hint = hintsOfCode[code] ?? hintsOfStatus[status] ?? ''
  // A date is possible too, and no service sends one.
  const retryAfterMs = 1000 * (Number.parseInt(headers.get('retry-after') ?? '', 10) || 0)
  return new S3Error(where, 'an answer of S3', got, hint, { status, code, requestId, retryAfterMs })
}

const cut = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 300)}...` : line
}

/** The error of a request that got no answer, or half of one. */
export function errorOfConnection(where: string, error: unknown, tries: number): S3Error {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } }
  const why = cause?.code ?? cause?.message
  const failure = new S3Error(
    where,
    'an answer of S3',
    `none: ${message ?? String(error)}${why ? ` (${why})` : ''}${afterTries(tries)}`,
    'Check the endpoint, the network and, in a browser, what CORS rules the bucket has.',
    { status: 0, code: '', requestId: '' },
  )
  failure.cause = error
  return failure
}
