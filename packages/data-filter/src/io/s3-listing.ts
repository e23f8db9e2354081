import { StorageError } from '../data-filter-error.js'
import type { StoredFile } from '../storage.js'
import type { S3Client } from './s3-client.js'
import { childText, parseXml, type XmlElement } from './s3-xml.js'

/** All objects whose keys begin so, in the order the service has them, page by page (ListObjectsV2). */
export async function* listObjects(client: S3Client, prefix: string): AsyncGenerator<StoredFile> {
  const where = `${client.where({ method: 'GET' })}/${prefix}`
  let token: string | undefined
  do {
    const query = {
      'list-type': '2',
      // Keys may have characters that XML cannot carry.
      'encoding-type': 'url',
      prefix,
      ...(token === undefined ? {} : { 'continuation-token': token }),
    }
    const { text } = await client.ask(
      { method: 'GET', query },
      [],
      (body) => parseXml(body)?.name === 'ListBucketResult',
    )
    const page = parseXml(text) as XmlElement
    const encoded = childText(page, 'EncodingType') === 'url'
    for (const entry of page.children) {
      if (entry.name === 'Contents') yield fileOf(where, entry, encoded)
    }
    const next = childText(page, 'IsTruncated') === 'true' ? childText(page, 'NextContinuationToken') : undefined
    if (childText(page, 'IsTruncated') === 'true' && (!next || next === token)) {
      throw new StorageError(
        where,
        'a token for the rest of the listing',
        next ? 'the same one again' : 'none',
        'The service lists otherwise than S3; use another one.',
      )
    }
    token = next
  } while (token !== undefined)
}

function fileOf(where: string, entry: XmlElement, encoded: boolean): StoredFile {
  const key = childText(entry, 'Key')
  const bytes = Number(childText(entry, 'Size') ?? Number.NaN)
  if (key !== undefined && Number.isSafeInteger(bytes)) return { name: encoded ? decode(key) : key, bytes }
  throw new StorageError(
    where,
    'an entry with Key and Size',
    `Key ${JSON.stringify(key ?? null)}, Size ${childText(entry, 'Size') ?? 'none'}`,
    'The service lists otherwise than S3; use another one.',
  )
}

function decode(key: string): string {
  try {
    // S3 writes a space as a plus sign, and a plus sign as %2B.
    return decodeURIComponent(key.replace(/\+/g, ' '))
  } catch {
    return key
  }
}
