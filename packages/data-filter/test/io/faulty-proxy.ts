import { createServer, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http'
import { listening } from './listening.js'

/** What can happen to one request. All but the last three keep it from the service. */
export type Fault =
  | 'status-429'
  | 'status-500'
  | 'status-502'
  | 'status-503'
  | 'status-504'
  /** Nothing ever comes. */
  | 'silence'
  /** The connection is reset when half of the body has come. */
  | 'reset-upload'
  /** An error in an answer of status 200. */
  | 'error-in-200'
  /** Half of an error's document, in an answer of status 200. */
  | 'half-in-200'
  /** Half of the body comes, then nothing more. */
  | 'half-answer'
  /** Half of the body comes, then a reset. */
  | 'reset-download'
  /** The service does what it was asked, and its answer is lost. */
  | 'lost-answer'

export interface FaultyProxy {
  readonly endpoint: string
  /** Requests that came, and what was done to them, in their order. */
  readonly log: readonly { readonly method: string; readonly url: string; readonly fault: Fault | null }[]
  close(): Promise<void>
}

const xml = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>as the test wants it</Message><RequestId>proxy-1</RequestId></Error>`

/** Passes requests to a service on this machine, with the faults that `faultOf` names: it is asked once for each request. */
export async function startFaultyProxy(
  upstream: number,
  faultOf: (request: { readonly method: string; readonly url: string; readonly index: number }) => Fault | null,
): Promise<FaultyProxy> {
  const log: { method: string; url: string; fault: Fault | null }[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request
    const fault = faultOf({ method, url, index: log.length })
    log.push({ method, url, fault })
    handle(upstream, request, response, fault).catch(() => response.destroy())
  })
  const { port, close } = await listening(server)
  return { endpoint: `http://127.0.0.1:${port}`, log, close }
}

async function handle(upstream: number, request: IncomingMessage, response: ServerResponse, fault: Fault | null) {
  if (fault === 'reset-upload') {
    const half = Number(request.headers['content-length'] ?? 0) / 2
    let bytes = 0
    for await (const piece of request) {
      bytes += (piece as Buffer).length
      if (bytes >= half) break
    }
    return void request.socket.resetAndDestroy()
  }
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  if (fault === 'silence') return
  if (fault?.startsWith('status-')) {
    const status = Number(fault.slice('status-'.length))
    const code = status === 503 ? 'SlowDown' : status === 500 ? 'InternalError' : ''
    response.writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': 'proxy-1' })
    return void response.end(request.method === 'HEAD' || !code ? undefined : xml(code))
  }
  if (fault === 'error-in-200' || fault === 'half-in-200') {
    response.writeHead(200, { 'content-type': 'application/xml' })
    const text = xml('InternalError')
    return void response.end(fault === 'half-in-200' ? text.slice(0, 60) : text)
  }
  const answer = await passOn(upstream, request, Buffer.concat(pieces))
  if (fault === 'lost-answer') return void request.socket.resetAndDestroy()
  response.writeHead(answer.status, answer.headers)
  if (fault === 'half-answer' || fault === 'reset-download') {
    response.flushHeaders()
    const half = answer.body.subarray(0, answer.body.length >> 1)
    if (half.length > 0) await new Promise<void>((resolve) => response.write(half, () => resolve()))
    if (fault === 'half-answer') return
    // A reset overtakes bytes that lie in buffers; this lets some of them arrive.
    await new Promise((resolve) => setTimeout(resolve, 10))
    return void request.socket.resetAndDestroy()
  }
  response.end(request.method === 'HEAD' ? undefined : answer.body)
}

function passOn(port: number, request: IncomingMessage, body: Buffer) {
  return new Promise<{ status: number; headers: IncomingMessage['headers']; body: Buffer }>((resolve, reject) => {
    const { url: path, method } = request
    // The host that was signed stays: the service sees it as it would without a proxy.
    const headers = { ...request.headers, 'content-length': `${body.length}`, connection: 'close' }
    const asked = openRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('error', reject)
      answer.on('end', () => {
        const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = answer.headers
        resolve({ status: answer.statusCode ?? 0, headers: kept, body: Buffer.concat(pieces) })
      })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
