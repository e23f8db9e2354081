import { AwsClient } from 'aws4fetch'
import { OptionError } from '../data-filter-error.js'
import type { S3Credentials, S3StorageOptions } from './s3-options.js'

/** Gives the headers of a request, with its signature (AWS Signature Version 4) where there are credentials. */
export type S3Signer = (
  url: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | undefined,
) => Promise<Headers>

export function s3Signer({ bucket, region = 'us-east-1', credentials }: S3StorageOptions): S3Signer {
  let client: AwsClient | undefined
  const clientOf = (keys: S3Credentials) => {
    const { accessKeyId, secretAccessKey, sessionToken } = keys
    if (!accessKeyId || !secretAccessKey) {
      throw new OptionError(
        `s3://${bucket}`,
        'credentials with accessKeyId and secretAccessKey',
        'none of one of them',
        'Give both, or no credentials for a bucket that everybody may use.',
      )
    }
    // The client keeps the day's signing key, so it stays for as long as the credentials do.
    if (
      client?.accessKeyId !== accessKeyId ||
      client.secretAccessKey !== secretAccessKey ||
      client.sessionToken !== sessionToken
    ) {
      client = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, region, service: 's3' })
    }
    return client
  }
  return async (url, method, headers, body) => {
    const keys = typeof credentials === 'function' ? await credentials() : credentials
    if (!keys) return new Headers(headers)
    // The bytes are signed too, so that a service that checks signatures keeps no others.
    const signed = { ...headers, 'x-amz-content-sha256': await sha256(body ?? new Uint8Array()) }
    return (await clientOf(keys).sign(url, { method, headers: signed })).headers
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
