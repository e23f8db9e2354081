import { StorageError } from '../data-filter-error.js'
import type { S3Client } from './s3-client.js'
import { S3Error } from './s3-error.js'
import { isWriter, writerHeader } from './s3-writer-mark.js'
import { TEMPORARY_MARK } from './storage-name.js'

/** Two writers at the same moment: the service asks to try again, and by then one of them has won. */
const CONFLICT = 409

/**
 * Puts the object there where there is none of its key: `If-None-Match: *`, of which only one of many callers gets true.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function createObject(client: S3Client, key: string, body: Uint8Array): Promise<boolean> {
  const mark = writerHeader()
  const request = { method: 'PUT', key, body, headers: { 'if-none-match': '*', ...mark } } as const
  const { status, retries } = await client.retried(client.where(request), async (conflicts) => {
    const answer = await client.ask(request, [412, CONFLICT])
    if (answer.status !== CONFLICT) return { status: answer.status, retries: answer.retries + conflicts }
    throw new S3Error(
      client.where(request),
      'an answer of S3',
      `status ${CONFLICT}: another writer at the same moment`,
      'Allow more retries.',
      // As an answer that says "later": it is one.
      { status: 503, code: 'ConditionalRequestConflict', requestId: '' },
    )
  })
  if (status !== 412) return true
  // A try before may have made it, and its answer was lost.
  return retries > 0 && isWriter(client, key, mark)
}

/** What `create` can do where the service has no conditional writes: see `conditionalWrites` of the options. */
export async function createUnguarded(client: S3Client, key: string, body: Uint8Array): Promise<boolean> {
  const { status } = await client.ask({ method: 'HEAD', key }, [404])
  if (status !== 404) return false
  const mark = writerHeader()
  await client.ask({ method: 'PUT', key, body, headers: mark })
  return isWriter(client, key, mark)
}

/**
 * Makes sure that the service knows conditional writes, with an object of its own: many ignore the header, and then every caller
 * would win. Throws StorageError where it does not know them.
 */
export async function probeConditionalWrites(client: S3Client, prefix: string): Promise<void> {
  const key = `${prefix}${TEMPORARY_MARK}probe-${crypto.randomUUID()}`
  const request = { method: 'PUT', key, body: new Uint8Array(), headers: { 'if-none-match': '*' } } as const
  try {
    const first = await client.ask(request, [412, 400, 405, 501])
    const second = first.status === 200 ? await client.ask(request, [412, 400, 405, 501]) : first
    if (second.status === 412) return
    throw new StorageError(
      client.where(request),
      'status 412 for an object that is there: If-None-Match: *',
      second.status === 200 ? 'status 200: the service ignores the header' : `status ${second.status}`,
      'Use a service that has conditional writes, or give conditionalWrites: false if no two callers create the same file.',
    )
  } finally {
    await client.ask({ method: 'DELETE', key }, [404]).catch(() => undefined)
  }
}
