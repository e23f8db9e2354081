import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http'
import { listening } from './listening.js'

/**
 * What stands in front of s3rver 3.7.1 in tests and does what that server does not: it checks signatures of version 4 and the bytes
 * they cover, knows `If-None-Match: *` on PUT, AbortMultipartUpload, ListMultipartUploads, ranges behind an object's end and the
 * second version of listings, hands on uploads only when they are whole (s3rver keeps half of one whose connection broke), and
 * answers only when s3rver has their bytes on its disk (it answers before). Everything else is s3rver's.
 */
export interface S3GatewayOptions {
  readonly upstream: number
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Bytes that s3rver has of a part of an upload, or null. */
  readonly partBytes: (bucket: string, uploadId: string, part: string) => Promise<number | null>
  readonly removeUpload: (bucket: string, uploadId: string) => Promise<void>
  readonly listUploads: (bucket: string) => Promise<readonly { readonly id: string; readonly key: string }[]>
  /** Keys of a page of a listing. */
  readonly pageKeys?: number
  /** `ignore` and `refuse` are what services do that have no conditional writes. */
  readonly conditionalWrites?: 'know' | 'ignore' | 'refuse'
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

const failure = (status: number, code: string, message: string): Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: Buffer.from(
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message><RequestId>gate-1</RequestId></Error>`,
  ),
})

export async function startS3Gateway(options: S3GatewayOptions) {
  const locks = new Map<string, Promise<unknown>>()
  const server = createServer((request, response) => {
    handle(options, locks, request, response).catch(() => response.destroy())
  })
  return listening(server)
}

async function handle(
  options: S3GatewayOptions,
  locks: Map<string, Promise<unknown>>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request)
  if (body === null) return void response.destroy()
  const refused = checkSignature(request, body, options.keys)
  if (refused) return reply(request, response, refused)
  const url = new URL(request.url ?? '/', 'http://host')
  const [bucket = ''] = url.pathname.slice(1).split('/', 1)
  const key = decodeURIComponent(url.pathname.slice(bucket.length + 2))
  const uploadId = url.searchParams.get('uploadId')

  if (request.method === 'GET' && key !== '') {
    if (await liesBehind(options, request, url)) {
      return reply(request, response, failure(416, 'InvalidRange', 'The requested range is not satisfiable'))
    }
    return pass(options, request, response)
  }
  const answer = await (async () => {
    if (request.method === 'GET' && url.searchParams.has('uploads'))
      return uploadsAnswer(await options.listUploads(bucket))
    if (request.method === 'GET') return listing(options, request, url)
    if (uploadId !== null && !(await options.listUploads(bucket)).some(({ id }) => id === uploadId)) {
      return failure(404, 'NoSuchUpload', 'The specified upload does not exist.')
    }
    if (request.method === 'DELETE' && uploadId !== null) {
      await options.removeUpload(bucket, uploadId)
      return { status: 204, headers: {}, body: Buffer.alloc(0) }
    }
    const ask = () => forward(options.upstream, request, `${url.pathname}${url.search}`, body)
    if (request.method === 'PUT' && uploadId !== null) {
      const answered = await ask()
      const part = url.searchParams.get('partNumber') as string
      await settled(async () => (await options.partBytes(bucket, uploadId, part)) === body.length)
      return answered
    }
    if (request.method === 'PUT' || request.method === 'POST')
      return locked(locks, key, () => put(options, request, url, body))
    return ask()
  })()
  reply(request, response, answer)
}

/** PUT of an object, and the requests of an upload that do not carry parts. */
async function put(options: S3GatewayOptions, request: IncomingMessage, url: URL, body: Buffer): Promise<Answer> {
  const head = () => forward(options.upstream, request, url.pathname, Buffer.alloc(0), 'HEAD')
  if (request.headers['if-none-match'] === '*' && options.conditionalWrites !== 'ignore') {
    if (options.conditionalWrites === 'refuse') {
      return failure(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented')
    }
    if ((await head()).status === 200) {
      return failure(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold')
    }
  }
  const uploadId = url.searchParams.get('uploadId')
  const etag = `"${createHash('md5').update(body).digest('hex')}"`
  if (uploadId === null && request.method === 'PUT') {
    // s3rver empties an object before it writes it anew, which others see; the same bytes again, after a lost answer, need no writing.
    const { status, headers } = await head()
    if (status === 200 && headers['etag'] === etag) return { status: 200, headers: { etag }, body: Buffer.alloc(0) }
  }
  let bytes = body.length
  if (uploadId !== null) {
    const [bucket = ''] = url.pathname.slice(1).split('/', 1)
    const parts = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, part]) => part as string)
    const sizes = await Promise.all(parts.map((part) => options.partBytes(bucket, uploadId, part)))
    bytes = sizes.reduce<number>((total, size) => total + (size ?? 0), 0)
  }
  const answer = await forward(options.upstream, request, `${url.pathname}${url.search}`, body)
  if (answer.status === 200 && !url.searchParams.has('uploads')) {
    await settled(async () => Number((await head()).headers['content-length']) === bytes)
  }
  return answer
}

async function settled(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('s3rver did not keep all bytes')
}

async function locked<T>(locks: Map<string, Promise<unknown>>, key: string, body: () => Promise<T>): Promise<T> {
  const before = locks.get(key) ?? Promise.resolve()
  const mine = before.catch(() => undefined).then(body)
  locks.set(key, mine)
  return mine
}

function uploadsAnswer(uploads: readonly { readonly id: string; readonly key: string }[]): Answer {
  const list = uploads.map(({ id, key }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
  const text = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${list.join('')}</ListMultipartUploadsResult>`
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) }
}

/**
 * ListObjectsV2 by s3rver's version 1: its tokens of version 2 need a cipher that OpenSSL no longer has, and its keys are not
 * encoded.
 */
async function listing(options: S3GatewayOptions, request: IncomingMessage, url: URL): Promise<Answer> {
  const query = url.searchParams
  const token = query.get('continuation-token')
  for (const name of ['list-type', 'continuation-token']) query.delete(name)
  if (token !== null) query.set('marker', Buffer.from(token, 'base64').toString())
  if (options.pageKeys) query.set('max-keys', `${options.pageKeys}`)
  const answer = await forward(options.upstream, request, `${url.pathname}${url.search}`, Buffer.alloc(0))
  if (answer.status !== 200) return answer
  const plain = (text: string) =>
    text
      .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
      .replace(
        /&(lt|gt|quot|#39);/g,
        (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'" })[name] as string,
      )
      .replace(/&amp;/g, '&')
  let last = ''
  const text = answer.body.toString().replace(/<Key>([^<]*)<\/Key>/g, (_, key: string) => {
    last = plain(key)
    return `<Key>${encodeURIComponent(last).replace(/%20/g, '+')}</Key>`
  })
  const next = `<NextContinuationToken>${Buffer.from(last).toString('base64')}</NextContinuationToken>`
  const more = text.includes('<IsTruncated>true<') ? next : ''
  return {
    ...answer,
    body: Buffer.from(text.replace('<IsTruncated>', `<EncodingType>url</EncodingType>${more}<IsTruncated>`)),
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of request) pieces.push(piece as Buffer)
  } catch {
    return null
  }
  return Buffer.concat(pieces)
}

const upstreamHeaders = (request: IncomingMessage, bytes: number) => {
  const { 'if-none-match': _condition, 'transfer-encoding': _encoding, ...headers } = request.headers
  return { ...headers, 'content-length': `${bytes}`, connection: 'close' }
}

function forward(port: number, request: IncomingMessage, path: string, body: Buffer, method = request.method) {
  return new Promise<Answer>((resolve, reject) => {
    const headers = upstreamHeaders(request, body.length)
    const asked = openRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      bodyOf(answer).then((read) => {
        if (read === null) reject(new Error('s3rver broke off'))
        else resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: read })
      }, reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Whether a range begins behind the object's end: of an empty object s3rver promises one byte, and does not send it. */
async function liesBehind(options: S3GatewayOptions, request: IncomingMessage, url: URL): Promise<boolean> {
  const start = /^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1]
  if (start === undefined) return false
  const { range: _range, ...headers } = request.headers
  const head = await forward(
    options.upstream,
    { ...request, headers } as IncomingMessage,
    url.pathname,
    Buffer.alloc(0),
    'HEAD',
  )
  return head.status === 200 && Number(start) >= Number(head.headers['content-length'])
}

/** Downloads are not held in memory. */
function pass(options: S3GatewayOptions, request: IncomingMessage, response: ServerResponse): void {
  const { url: path, method } = request
  const headers = upstreamHeaders(request, 0)
  const asked = openRequest({ host: '127.0.0.1', port: options.upstream, path, method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 0, answer.headers)
    answer.pipe(response)
    response.on('close', () => answer.destroy())
  })
  asked.on('error', () => response.destroy())
  asked.end()
}

function reply(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const { 'transfer-encoding': _encoding, connection: _connection, ...kept } = headers
  const length = request.method === 'HEAD' ? headers['content-length'] : `${body.length}`
  response.writeHead(status, {
    ...kept,
    ...(length === undefined || status === 204 ? {} : { 'content-length': length }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

/**
 * Signature Version 4, from the request as it came over the wire:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
function checkSignature(request: IncomingMessage, body: Buffer, keys: S3GatewayOptions['keys']): Answer | null {
  const given =
    /Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)$/.exec(
      request.headers.authorization ?? '',
    )
  if (!given) return failure(403, 'AccessDenied', 'Access Denied')
  const [, id, day = '', region = '', signedHeaders = '', signature] = given
  if (id !== keys.accessKeyId) {
    return failure(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.')
  }
  const [path = '', search = ''] = (request.url ?? '').split('?')
  const payload = request.headers['x-amz-content-sha256'] as string
  const canonical = [
    request.method,
    path,
    search.split('&').filter(Boolean).sort().join('&'),
    ...signedHeaders.split(';').map((name) => `${name}:${request.headers[name]}`),
    '',
    signedHeaders,
    payload,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash(canonical)].join('\n')
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`)
  if (hmac(key, text).toString('hex') !== signature) {
    return failure(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match.')
  }
  if (payload !== hash(body)) return failure(400, 'XAmzContentSHA256Mismatch', 'The provided checksum does not match.')
  return null
}
