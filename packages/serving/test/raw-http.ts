import { connect } from 'node:net'

/** The answer to bytes sent as they are: its status (0: closed without one), headers and body. */
export interface RawAnswer {
  readonly status: number
  readonly headers: string
  readonly body: string
}

/**
 * Opens a connection, writes the parts one after the other with pauses (milliseconds) and reads until the server closes or
 * nothing has come for `patience` milliseconds. `leave`: closes at once after writing.
 */
export function rawRequest(
  port: number,
  parts: readonly (string | Uint8Array | number)[],
  options: { readonly leave?: boolean; readonly patience?: number } = {},
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let answer = Buffer.alloc(0)
    const done = () => {
      socket.destroy()
      const text = answer.toString('utf8')
      const [head = '', ...rest] = text.split('\r\n\r\n')
      resolve({
        status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
        headers: head,
        body: unchunked(rest.join('\r\n\r\n'), head),
      })
    }
    socket.setTimeout(options.patience ?? 10_000, done)
    socket.on('error', () => {})
    socket.on('close', done)
    socket.on('data', (part) => {
      answer = Buffer.concat([answer, part])
    })
    socket.on('connect', async () => {
      for (const part of parts) {
        if (typeof part === 'number') await new Promise((next) => setTimeout(next, part))
        else if (socket.writable) socket.write(part)
      }
      if (options.leave) setTimeout(() => socket.destroy(), 5)
    })
  })
}

function unchunked(body: string, head: string): string {
  if (!/transfer-encoding: chunked/i.test(head)) return body
  return body.replace(/(^|\r\n)[0-9a-f]+\r\n/gi, '')
}

/** A POST of a body with the headers that fit it; the connection is closed after it. */
export function post(
  path: string,
  body: string | Uint8Array,
  headers: readonly string[] = [],
): (string | Uint8Array)[] {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...headers,
  ]
  return [`${lines.join('\r\n')}\r\n\r\n`, body]
}
