import type { S3Client } from './s3-client.js'

const HEADER = 'x-amz-meta-almanac-writer'

/**
 * Metadata that says whose request made an object. An answer can be lost after the service has done what was asked: this is how the
 * writer knows its own work again.
 */
export const writerHeader = (): Readonly<Record<string, string>> => ({ [HEADER]: crypto.randomUUID() })

/** Whether the object that is there was made by the request with this header. */
export async function isWriter(
  client: S3Client,
  key: string,
  mark: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { status, headers } = await client.ask({ method: 'HEAD', key }, [404])
  return status !== 404 && headers.get(HEADER) === mark[HEADER]
}
