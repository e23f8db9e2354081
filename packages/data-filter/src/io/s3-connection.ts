/** An answer whose body comes as it is asked for. */
export interface S3Connection {
  readonly status: number
  readonly headers: Headers
  /** The next bytes, or null after the last. Rejects where the connection breaks or stands still for too long. */
  next(): Promise<Uint8Array | null>
  /** Ends the transfer; does nothing after the end. */
  close(): void
}

/**
 * Opens one request. Each wait, for the answer and for every piece of its body, may last `timeoutMs`; time that the caller takes
 * between two pieces does not count.
 */
export async function connect(
  send: (init: RequestInit) => Promise<Response>,
  timeoutMs: number,
  outer: AbortSignal | undefined,
): Promise<S3Connection> {
  const controller = new AbortController()
  const stop = () => controller.abort(outer?.reason)
  if (outer?.aborted) stop()
  outer?.addEventListener('abort', stop, { once: true })
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const close = () => {
    outer?.removeEventListener('abort', stop)
    reader?.cancel().catch(() => undefined)
    controller.abort(new Error('closed'))
  }
  const inTime = async <T>(waiting: () => Promise<T>): Promise<T> => {
    const timer = setTimeout(() => controller.abort(new Error(`nothing came for ${timeoutMs} ms`)), timeoutMs)
    try {
      return await waiting()
    } catch (error) {
      close()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }
  const response = await inTime(() => send({ signal: controller.signal }))
  reader = response.body?.getReader()
  return {
    status: response.status,
    headers: response.headers,
    async next() {
      const piece = reader && (await inTime(() => (reader as ReadableStreamDefaultReader<Uint8Array>).read()))
      if (piece && !piece.done) return piece.value
      outer?.removeEventListener('abort', stop)
      return null
    },
    close,
  }
}
