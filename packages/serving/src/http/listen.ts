import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import { ApiError } from './api-error.js'
import { ServingError } from './serving-error.js'

export interface ListenOptions {
  /** Default 127.0.0.1: this machine alone. */
  readonly host?: string
  /** 0 (default): any free one. */
  readonly port?: number
  /** Whether the app asks for an API key: hosts beyond this machine must. */
  readonly hasKey?: boolean
  /** Milliseconds in which a request has to arrive whole. Default 30,000. */
  readonly requestTimeout?: number
}

export interface Listening {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Ends the server and every connection. */
  close(): Promise<void>
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

/**
 * Serves an app over HTTP. Beyond this machine only with a key; on this machine only to requests that name it as their
 * host, so that no web page can reach the server through a name of its own (DNS rebinding). Slow, malformed and oversized
 * requests get OpenAI-shaped answers and lose their connection. Rejects with ServingError.
 */
export async function listen(app: Hono, options: ListenOptions = {}): Promise<Listening> {
  const { host = '127.0.0.1', port = 0, hasKey = false, requestTimeout = 30_000 } = options
  const isLocal = LOOPBACK.test(host)
  if (!isLocal && !hasKey) {
    throw new ServingError(
      'listen',
      `an API key for host ${host}, which others can reach`,
      'none',
      'Give one, or use 127.0.0.1.',
    )
  }
  const handle = getRequestListener(async (request, env) => {
    const named = new URL(request.url).hostname
    if (!isLocal || LOOPBACK.test(named)) return app.fetch(request, env)
    return new ApiError(400, `host: expected localhost or 127.0.0.1, got ${named.slice(0, 60)}.`, {
      code: 'wrong_host',
    }).toResponse()
  })
  const server = createServer(
    { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: 1000, keepAliveTimeout: 5000 },
    handle,
  )
  server.on('clientError', refuse)
  await bind(server, host, port)
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    host,
    port: bound,
    async close() {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await ended
    },
  }
}

/** Requests that are no HTTP, too large in their headers, or too slow never reach the app. */
function refuse(error: NodeJS.ErrnoException, socket: import('node:stream').Duplex): void {
  if (!socket.writable || (socket as Socket).bytesWritten > 0) {
    socket.destroy()
    return
  }
  const answer =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? new ApiError(413, 'headers: expected at most 16 KiB, got more. Send less.', { code: 'headers_too_large' })
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? new ApiError(400, 'request: expected all of it in time, got a part. Send it faster.', {
            code: 'request_timeout',
          })
        : new ApiError(400, 'request: expected HTTP/1.1, got something else.', { code: 'malformed_request' })
  const body = JSON.stringify(answer)
  const reason = answer.status === 413 ? 'Payload Too Large' : 'Bad Request'
  const lines = [
    `HTTP/1.1 ${answer.status} ${reason}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const [expected, hint] =
        error.code === 'EADDRINUSE'
          ? ['a free port', 'Stop what uses it, or choose another port.']
          : error.code === 'EACCES'
            ? ['a port that this user may use', 'Choose one from 1024.']
            : ['an address of this machine', 'Check the host.']
      reject(new ServingError('listen', expected, `${error.code} for ${host}:${port}`, hint))
    })
    server.listen(port, host, resolve)
  })
}
