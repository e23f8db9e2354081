import { OptionError } from '../data-filter-error.js'
import { checkRetryOptions, type RetryOptions } from './retry-options.js'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3StorageOptions extends RetryOptions {
  readonly bucket: string
  /** What all keys begin with, without the slash that follows it; the whole bucket unless given. */
  readonly prefix?: string
  /** `https://host:port` of the service; Amazon's of the region unless given. */
  readonly endpoint?: string
  /** Part of the signature. `us-east-1` unless given; Cloudflare R2 wants `auto`. */
  readonly region?: string
  /** Keys, or a function that gives them: it is called before every request, so it can renew them. Requests are not signed without. */
  readonly credentials?: S3Credentials | (() => S3Credentials | Promise<S3Credentials>)
  /** The bucket in the path, not in the host name. Unless given: with an endpoint, and for buckets with dots in their names. */
  readonly pathStyle?: boolean
  /** Used in place of the global fetch. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /**
   * Bytes of one part of a large file; smaller files go in one request. 8 MiB unless given, and 5 MiB at least, by S3's rules. A file
   * has at most 10 000 parts, so 8 MiB serve for files of up to 78 GiB. A write holds two or three parts in memory.
   */
  readonly partBytes?: number
  /** A request that has no answer after so many milliseconds, or a download that stands still so long, is tried again. 60 000 unless given. */
  readonly timeoutMs?: number
  /**
   * False where the service does not know `If-None-Match: *` on PUT: `create` then looks, writes, and looks whose file is there. That
   * serves one caller at a time; of several at the same moment more than one may get true.
   */
  readonly conditionalWrites?: boolean
  /** Ends everything that is under way. */
  readonly signal?: AbortSignal
}

/** S3's bounds of parts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MIN_PART_BYTES = 5 * 2 ** 20
export const MAX_PART_BYTES = 5 * 2 ** 30
export const MAX_PARTS = 10_000

// The rules of today's buckets, and of the older ones that have capitals and underscores.
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/

/** Throws OptionError where an option makes no sense. */
export function checkS3Options(options: S3StorageOptions): void {
  const { bucket, prefix = '', endpoint, partBytes = MIN_PART_BYTES, timeoutMs = 1 } = options
  if (!BUCKET.test(bucket) || bucket.includes('..')) {
    throw new OptionError(
      's3Storage',
      'the name of a bucket',
      JSON.stringify(bucket),
      'Give it without s3:// and path.',
    )
  }
  const where = `s3://${bucket}`
  if (prefix.startsWith('/') || prefix.endsWith('/')) {
    throw new OptionError(where, 'a prefix without slashes at its ends', JSON.stringify(prefix), 'Leave them out.')
  }
  if (endpoint !== undefined && !isEndpoint(endpoint)) {
    throw new OptionError(
      where,
      'an endpoint like https://host:port',
      JSON.stringify(endpoint),
      'Bucket and prefix are options of their own.',
    )
  }
  if (!Number.isSafeInteger(partBytes) || partBytes < MIN_PART_BYTES || partBytes > MAX_PART_BYTES) {
    throw new OptionError(where, 'partBytes from 5 MiB to 5 GiB', `${partBytes}`, 'S3 takes no other parts.')
  }
  if (!Number.isSafeInteger(timeoutMs) || timeoutMs < 1) {
    throw new OptionError(
      where,
      'timeoutMs to be a whole number from 1 on',
      `${timeoutMs}`,
      'Leave it out for the default.',
    )
  }
  checkRetryOptions(where, options)
}

function isEndpoint(text: string): boolean {
  try {
    const { protocol, search, hash } = new URL(text)
    return /^https?:$/.test(protocol) && search === '' && hash === ''
  } catch {
    return false
  }
}
