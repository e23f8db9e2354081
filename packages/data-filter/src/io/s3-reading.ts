import { StorageError } from '../data-filter-error.js'
import type { S3Client } from './s3-client.js'
import type { S3Connection } from './s3-connection.js'
import { errorOfConnection } from './s3-error.js'

/**
 * An object's bytes from `start` to `end`. Where the connection breaks, another one goes on behind the last byte that came, of the
 * same object: one that was replaced meanwhile is a StorageError, not a mixture. Each piece has all retries of the options.
 */
export async function* readObject(
  client: S3Client,
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array> {
  const where = client.where({ method: 'GET', key })
  let at = start
  let last = end
  let etag: string | undefined
  let connection: S3Connection | undefined

  const open = async (tries: number) => {
    const opened = await openAt(client, key, at, end, etag, tries)
    if (opened.status === 416) return opened
    if (etag === undefined) {
      etag = opened.headers.get('etag') ?? ''
      last = Math.min(end, endOf(opened, at))
    } else if (opened.headers.get('etag') !== etag) {
      opened.close()
      throw changed(where)
    }
    return opened
  }
  /** Null at the end. */
  const next = async (retry: number) => {
    try {
      if (!connection) {
        if (etag === '') throw unresumable(where, at)
        connection = await open(retry + 1)
        // Nothing lies there: the object is empty, or ends before.
        if (connection.status === 416) return null
      }
      const piece = await connection.next()
      if (piece !== null || at >= last || last === Number.POSITIVE_INFINITY) return piece
      throw new Error(`${at} of ${last} bytes came`)
    } catch (error) {
      connection?.close()
      connection = undefined
      if (client.options.signal?.aborted) throw client.options.signal.reason
      throw error instanceof StorageError ? error : errorOfConnection(where, error, retry + 1)
    }
  }
  try {
    while (at < last) {
      const piece = await client.retried(where, next)
      if (piece === null) return
      // A service that does not know ranges sends all, from the first byte.
      const wanted = piece.length > last - at ? piece.subarray(0, last - at) : piece
      at += wanted.length
      if (wanted.length > 0) yield wanted
    }
  } finally {
    connection?.close()
  }
}

async function openAt(client: S3Client, key: string, at: number, end: number, etag: string | undefined, tries: number) {
  const headers: Record<string, string> = {}
  // A Range header for a whole object would be refused where it is empty.
  if (at > 0 || end !== Number.POSITIVE_INFINITY) {
    headers['range'] = `bytes=${at}-${end === Number.POSITIVE_INFINITY ? '' : end - 1}`
  }
  if (etag !== undefined) headers['if-match'] = etag
  const request = { method: 'GET', key, headers } as const
  const where = client.where(request)
  const opened = await client.open(request, [416, 412], tries)
  const { status } = opened
  if (status === 412) {
    opened.close()
    throw changed(where)
  }
  const packed = opened.headers.get('content-encoding')
  if (packed && !/^(identity|aws-chunked)$/i.test(packed.trim())) {
    opened.close()
    throw new StorageError(
      where,
      'the bytes as they are stored',
      `Content-Encoding ${packed}, which fetch unpacks`,
      'Store the object without this header; readers know packed files by their names.',
    )
  }
  const from = /^bytes (\d+)-/.exec(opened.headers.get('content-range') ?? '')?.[1]
  if (status === 416 || (status === 206 ? from === undefined || Number(from) === at : at === 0)) return opened
  opened.close()
  const got = status === 206 ? `bytes from ${from} on` : 'the whole object'
  throw new StorageError(where, `bytes from ${at} on`, got, 'The service does not answer ranges; use another one.')
}

/** Where the answer's bytes end in the object; infinite where the service does not say. */
function endOf({ status, headers }: S3Connection, at: number): number {
  const total = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
  if (status === 206 && total !== undefined) return Number(total)
  const length = headers.get('content-length')
  return length === null ? Number.POSITIVE_INFINITY : at + Number(length)
}

const changed = (where: string): StorageError =>
  new StorageError(
    where,
    'the object that reading began with',
    'another one of this name',
    'Something wrote it meanwhile; read it from the start.',
  )

const unresumable = (where: string, at: number): StorageError =>
  new StorageError(
    where,
    'an ETag, to go on with the same object',
    `none, and the connection broke at byte ${at}`,
    'In a browser, let the bucket expose ETag by its CORS rules.',
  )
