import { OptionError } from '../data-filter-error.js'
import { memoryStorage } from '../memory-storage.js'
import type { Storage } from '../storage.js'
import { fileStorage } from './file-storage.js'
import type { S3StorageOptions } from './s3-options.js'
import { s3Storage } from './s3-storage.js'

export interface OpenStorageOptions extends Partial<Omit<S3StorageOptions, 'bucket' | 'prefix'>> {
  /** Where keys and endpoint of S3 are looked up; the process's environment unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

// One letter and a colon begin a path on Windows.
const SCHEME = /^([a-z][a-z0-9+.-]+):/i

/**
 * The storage of a location: `s3://bucket/prefix`, a path, a `file:` URL, or `memory:` for an empty one. For S3, what the options do
 * not give comes from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION or AWS_DEFAULT_REGION, and
 * AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL; files of profiles and services of roles are not asked: give a `credentials` function
 * for them. Throws OptionError for other locations, and for S3 without keys.
 */
export function openStorage(location: string, options: OpenStorageOptions = {}): Storage {
  const scheme = SCHEME.exec(location)?.[1]?.toLowerCase()
  if (location !== '' && scheme === undefined) return fileStorage(location)
  if (scheme === 'file') return fileStorage(pathOf(location))
  if (location === 'memory:') return memoryStorage()
  if (/^s3:\/\//i.test(location)) return openS3(location, options)
  throw new OptionError(
    'openStorage',
    's3://bucket/prefix, a path, a file: URL or memory:',
    JSON.stringify(location),
    'Other services are reached through their S3 endpoints: s3://bucket/prefix and the option endpoint.',
  )
}

function openS3(location: string, { env: given, ...options }: OpenStorageOptions): Storage {
  const env = given ?? globalThis.process?.env ?? {}
  const [bucket = '', ...parts] = location.slice('s3://'.length).split('/')
  const prefix = parts.join('/').replace(/\/$/, '')
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  const fromEnv = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined
  // A key of `options` that is there and undefined asks for unsigned requests, to buckets that everybody may read.
  const credentials = 'credentials' in options ? options.credentials : fromEnv
  if (!credentials && !('credentials' in options)) {
    throw new OptionError(
      location,
      'keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      'none',
      'Set them or give the option credentials; credentials: undefined reads public buckets.',
    )
  }
  const endpoint = options.endpoint ?? (env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || undefined)
  const region = options.region ?? (env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined)
  return s3Storage({ ...options, bucket, prefix, credentials, endpoint, region })
}

function pathOf(location: string): string {
  const { host, pathname } = new URL(location)
  if (host !== '') {
    throw new OptionError('openStorage', 'a file: URL of this machine', JSON.stringify(location), 'Write file:///path.')
  }
  // On Windows the drive follows a slash.
  return decodeURIComponent(pathname).replace(/^\/([A-Za-z]:)/, '$1')
}
