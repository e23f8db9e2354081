import { StorageError } from '../data-filter-error.js'
import type { Storage, StoredFile } from '../storage.js'
import { s3Client } from './s3-client.js'
import { createObject, createUnguarded, probeConditionalWrites } from './s3-creating.js'
import { listObjects } from './s3-listing.js'
import { checkS3Options, type S3StorageOptions } from './s3-options.js'
import { readObject } from './s3-reading.js'
import { writeObject } from './s3-writing.js'
import { checkName, TEMPORARY_MARK } from './storage-name.js'
import { checkedRange } from './storage-range.js'

/**
 * Objects of a bucket of Amazon S3 or a service that speaks its protocol, with `fetch` alone, so also in browsers. Requests are
 * tried again after statuses 429, 500, 502, 503 and 504, broken connections and silence; a download goes on where it broke. Throws
 * OptionError for options and names that cannot be, S3Error (a StorageError) for what the service refuses.
 */
export function s3Storage(options: S3StorageOptions): Storage {
  checkS3Options(options)
  const { bucket, partBytes = 8 * 2 ** 20, conditionalWrites = true } = options
  const client = s3Client(options)
  const base = options.prefix ? `${options.prefix}/` : ''
  const location = `s3://${bucket}${options.prefix ? `/${options.prefix}` : ''}`
  const keyOf = (name: string) => {
    checkName(location, name)
    return base + name
  }

  let bucketIsThere = false
  /** HEAD has no body, so that its 404 does not say what is missing. */
  const checkBucket = async () => {
    if (bucketIsThere) return
    // Without the right to list, the answer is 403, and the bucket is there.
    const { status } = await client.ask({ method: 'HEAD' }, [301, 403, 404])
    if (status === 404) {
      const hint = 'Make the bucket, or correct its name, the endpoint or the region.'
      throw new StorageError(`HEAD s3://${bucket}`, 'a bucket', 'none of this name', hint)
    }
    bucketIsThere = true
  }
  const sizeOf = async (key: string) => {
    const { status, headers } = await client.ask({ method: 'HEAD', key }, [404])
    if (status !== 404) return Number(headers.get('content-length') ?? 0)
    await checkBucket()
    return null
  }
  let probing: Promise<void> | undefined
  const probed = () => {
    probing ??= probeConditionalWrites(client, base).catch((error: unknown) => {
      probing = undefined
      throw error
    })
    return probing
  }

  return {
    location,
    async list(prefix) {
      const found: StoredFile[] = []
      // Half a surrogate pair has no UTF-8 bytes: the service is asked for what stands before it.
      const asked = base + prefix.replace(/\p{Surrogate}.*$/su, '')
      for await (const { name, bytes } of listObjects(client, asked)) {
        // Names with a slash at the end stand for folders in some tools; there is nothing to read.
        if (name.endsWith('/') || name.includes(TEMPORARY_MARK) || !name.startsWith(base + prefix)) continue
        found.push({ name: name.slice(base.length), bytes })
      }
      // S3 orders by bytes of UTF-8, which puts signs beyond the first 65 536 elsewhere.
      return found.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    size: async (name) => sizeOf(keyOf(name)),
    async *read(name, range) {
      const key = keyOf(name)
      const { start, end } = checkedRange(`${location}/${name}`, range)
      if (end > start) yield* readObject(client, key, { start, end })
      else if ((await sizeOf(key)) === null) {
        throw new StorageError(`${location}/${name}`, 'a file', 'none of this name', 'See what list gives.')
      }
    },
    async write(name, pieces) {
      return { name, bytes: await writeObject(client, keyOf(name), pieces, partBytes) }
    },
    async create(name, bytes) {
      const key = keyOf(name)
      if (!conditionalWrites) return createUnguarded(client, key, bytes)
      await probed()
      return createObject(client, key, bytes)
    },
    async remove(name) {
      // 404 with NoSuchKey comes from services that are stricter than S3.
      await client.ask({ method: 'DELETE', key: keyOf(name) }, [404])
    },
  }
}
