import { StorageError } from '../data-filter-error.js'
import type { S3Client } from './s3-client.js'
import { S3Error } from './s3-error.js'
import { MAX_PARTS } from './s3-options.js'
import { partsOf } from './s3-parts.js'
import { isWriter, writerHeader } from './s3-writer-mark.js'
import { childText, escapeXml, parseXml } from './s3-xml.js'

type Parts = AsyncGenerator<Uint8Array, void, void>

/**
 * Writes an object whole or not at all: in one request, or as a multipart upload that is aborted where anything throws. Gives its
 * bytes. One part is sent while the next is filled.
 */
export async function writeObject(
  client: S3Client,
  key: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  partBytes: number,
): Promise<number> {
  const parts = partsOf(pieces, partBytes)
  try {
    const first = (await parts.next()).value as Uint8Array
    // Only with a second part is a file larger than one.
    if (first.length === partBytes) {
      const second = await parts.next()
      if (!second.done) return await multipart(client, key, parts, first, second.value)
    }
    await client.ask({ method: 'PUT', key, body: first })
    return first.length
  } finally {
    // Where an upload failed, the pieces' source hears that nobody wants more.
    await parts.return()
  }
}

async function multipart(client: S3Client, key: string, rest: Parts, first: Uint8Array, second: Uint8Array) {
  const mark = writerHeader()
  const uploadId = await beginUpload(client, key, mark)
  let sending: Promise<string> | undefined
  try {
    const etags: string[] = []
    let bytes = 0
    const send = async (part: Uint8Array) => {
      if (sending) etags.push(await sending)
      bytes += part.length
      sending = sendPart(client, key, uploadId, etags.length + 1, part)
      // It is awaited with the next part, or below: until then its error waits.
      sending.catch(() => undefined)
    }
    await send(first)
    await send(second)
    for await (const part of rest) await send(part)
    if (sending) etags.push(await sending)
    await completeUpload(client, key, uploadId, etags, mark)
    return bytes
  } catch (error) {
    // A part that arrives after the abort would be kept.
    await sending?.catch(() => undefined)
    await abortUpload(client, key, uploadId, error)
    throw error
  }
}

async function beginUpload(client: S3Client, key: string, mark: Readonly<Record<string, string>>): Promise<string> {
  const request = { method: 'POST', key, query: { uploads: '' }, headers: mark } as const
  const idOf = (text: string) => {
    const root = parseXml(text)
    return root?.name === 'InitiateMultipartUploadResult' ? childText(root, 'UploadId') : undefined
  }
  const { text } = await client.ask(request, [], (body) => Boolean(idOf(body)))
  return idOf(text) as string
}

async function sendPart(client: S3Client, key: string, uploadId: string, number: number, body: Uint8Array) {
  const request = { method: 'PUT', key, query: { partNumber: `${number}`, uploadId }, body } as const
  if (number > MAX_PARTS) {
    throw new StorageError(
      client.where(request),
      `at most ${MAX_PARTS} parts`,
      `more, of ${body.length} bytes each`,
      'Give a larger partBytes.',
    )
  }
  const { headers } = await client.ask(request)
  const etag = headers.get('etag')
  if (etag) return etag
  throw new StorageError(
    client.where(request),
    `an ETag for part ${number}`,
    'none',
    'In a browser, let the bucket expose ETag by its CORS rules.',
  )
}

async function completeUpload(
  client: S3Client,
  key: string,
  uploadId: string,
  etags: readonly string[],
  mark: Readonly<Record<string, string>>,
): Promise<void> {
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`)
  const body = new TextEncoder().encode(
    `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
  )
  const request = {
    method: 'POST',
    key,
    query: { uploadId },
    headers: { 'content-type': 'application/xml' },
    body,
  } as const
  try {
    // S3 says ...Result, others ...Response; an Error is none of them.
    await client.ask(request, [], (text) => /^CompleteMultipartUpload/.test(parseXml(text)?.name ?? ''))
  } catch (error) {
    // An earlier try may have completed it, and its answer was lost.
    const perhapsDone = error instanceof S3Error && (error.code === 'NoSuchUpload' || error.status === 0)
    if (!perhapsDone || !(await isWriter(client, key, mark))) throw error
  }
}

/** Parts of an upload that nobody completes are kept, and paid for, until somebody aborts it. */
async function abortUpload(client: S3Client, key: string, uploadId: string, cause: unknown): Promise<void> {
  try {
    // 404: it is gone already.
    await client.ask({ method: 'DELETE', key, query: { uploadId } }, [404])
  } catch {
    if (!(cause instanceof StorageError)) return
    const { where, expected, got, hint } = cause
    const left = `Upload ${uploadId} is still open: abort it, or let a lifecycle rule of the bucket do so.`
    const failure = new StorageError(where, expected, got, `${hint} ${left}`.trim())
    failure.cause = cause
    throw failure
  }
}
