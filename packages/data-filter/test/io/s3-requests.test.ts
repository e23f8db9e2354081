import { OptionError } from '@almanac/data-filter'
import { type S3StorageOptions, s3Storage } from '@almanac/data-filter/io'
import { describe, expect, it } from 'vitest'
import { s3Client } from '../../src/io/s3-client.js'
import { writeObject } from '../../src/io/s3-writing.js'
import { bytesOf, errorOf, textOf, utf8 } from './bytes.js'
import { cannedS3, xmlError } from './canned-s3.js'

const page = (content: string) => new Response(`<ListBucketResult>${content}</ListBucketResult>`)

describe('requests', () => {
  it.each([
    [{}, 'https://s3.test/bucket/a%20b/%2B%25%21%27%28%29%2A%C3%A9'],
    [{ endpoint: 'https://s3.test/under/' }, 'https://s3.test/under/bucket/a%20b/%2B%25%21%27%28%29%2A%C3%A9'],
    [{ endpoint: undefined }, 'https://bucket.s3.us-east-1.amazonaws.com/a%20b/%2B%25%21%27%28%29%2A%C3%A9'],
    [
      { endpoint: undefined, bucket: 'with.dots', region: 'eu-west-1' },
      'https://s3.eu-west-1.amazonaws.com/with.dots/a%20b/%2B%25%21%27%28%29%2A%C3%A9',
    ],
    [{ pathStyle: false, prefix: 'p/q' }, 'https://bucket.s3.test/p/q/a%20b/%2B%25%21%27%28%29%2A%C3%A9'],
  ])('go to the address of %j', async (options: Partial<S3StorageOptions>, url) => {
    const { storage, asked } = cannedS3([new Response(null, { headers: { 'content-length': '7' } })], options)
    expect(await storage.size("a b/+%!'()*é")).toBe(7)
    expect(asked.map((request) => `${request.method} ${request.url}`)).toEqual([`HEAD ${url}`])
  })

  it('are signed with the credentials of the moment, and with none where there are none', async () => {
    let calls = 0
    const renewing = cannedS3([new Response(null, { status: 503 }), new Response(null, { status: 204 })], {
      region: 'eu-west-1',
      credentials: async () => ({ accessKeyId: `id-${++calls}`, secretAccessKey: 's', sessionToken: `token-${calls}` }),
    })
    await renewing.storage.remove('x')
    expect(calls).toBe(2)
    for (const [i, { headers }] of renewing.asked.entries()) {
      expect(headers.get('authorization')).toMatch(
        new RegExp(
          `^AWS4-HMAC-SHA256 Credential=id-${i + 1}/\\d{8}/eu-west-1/s3/aws4_request, SignedHeaders=.*x-amz-security-token`,
        ),
      )
      expect(headers.get('x-amz-security-token')).toBe(`token-${i + 1}`)
    }
    const open = cannedS3([new Response(null, { status: 204 })], { credentials: undefined })
    await open.storage.remove('x')
    expect(open.asked[0]?.headers.get('authorization')).toBe(null)
    const empty = cannedS3([], { credentials: { accessKeyId: 'id', secretAccessKey: '' } })
    expect((await errorOf(empty.storage.remove('x'))).message).toBe(
      's3://bucket: expected credentials with accessKeyId and secretAccessKey, got none of one of them. ' +
        'Give both, or no credentials for a bucket that everybody may use.',
    )
  })

  it.each([400, 401, 403, 404, 405, 409, 411, 416, 451])('are never tried again after status %i', async (status) => {
    const { storage, asked } = cannedS3([new Response(null, { status })])
    expect((await errorOf(storage.list(''))).message).toContain(`got status ${status}.`)
    expect(asked.length).toBe(1)
  })

  it('wait as long as the service asks, and not longer than the bound', async () => {
    const delays: number[] = []
    const busy = () => new Response(null, { status: 503, headers: { 'retry-after': '3600' } })
    const { storage } = cannedS3([busy(), busy(), new Response(null, { status: 204 })], {
      maxDelayMs: 7,
      onRetry: ({ delayMs }) => delays.push(delayMs),
    })
    await storage.remove('x')
    expect(delays).toEqual([7, 7])
  })
})

describe('what S3 refuses', () => {
  it.each([
    [403, 'InvalidAccessKeyId', 'Give an access key that this service knows.'],
    [403, 'SignatureDoesNotMatch', 'Check the secret key and the region, and that no proxy changes the request.'],
    [403, 'RequestTimeTooSkewed', "Set this machine's clock: signatures hold for 15 minutes."],
    [400, 'ExpiredToken', 'The credentials are too old; give new ones, or a function that renews them.'],
    [400, 'AuthorizationHeaderMalformed', 'Give the region that the answer names.'],
    [301, 'PermanentRedirect', 'Give the region or endpoint that the bucket lies in.'],
    [307, 'TemporaryRedirect', 'Give the region or endpoint that the bucket lies in.'],
    [404, 'NoSuchBucket', 'Make the bucket, or correct its name, the endpoint or the region.'],
    [404, 'NoSuchKey', 'See what list gives.'],
    [
      404,
      'NoSuchUpload',
      'Something aborted this upload, perhaps a lifecycle rule of the bucket; write the file again.',
    ],
    [400, 'EntityTooSmall', 'Give a larger partBytes.'],
    [400, 'EntityTooLarge', 'Give a larger partBytes.'],
    [400, 'Other', 'Check region, endpoint and credentials.'],
    [401, 'Other', 'Give credentials.'],
    [
      403,
      'AccessDenied',
      "Check the credentials, what they may do, and this machine's clock; without the right to list, S3 says 403 for what is missing.",
    ],
    [404, 'Other', 'Check bucket, prefix and endpoint.'],
    [429, 'Other', 'Read and write with fewer workers, or allow more retries.'],
    [500, 'InternalError', 'Try later, or allow more retries.'],
    [502, 'Other', 'Try later, or allow more retries.'],
    [504, 'Other', 'Try later, or allow more retries.'],
  ])('says what to do about %i %s', async (status, code, hint) => {
    const { storage } = cannedS3([xmlError(status, code, 'what it says')], { retries: 0 })
    const error = await errorOf(bytesOf(storage.read('x')))
    expect(error.message).toBe(
      `GET s3://bucket/x: expected an answer of S3, got status ${status} ${code} (what it says), request id r-1. ${hint}`,
    )
    expect(error).toMatchObject({ name: 'S3Error', status, code, requestId: 'r-1' })
  })

  it('says which bucket is missing when asked for a size', async () => {
    const missing = () => new Response(null, { status: 404 })
    expect((await errorOf(cannedS3([missing(), missing()]).storage.size('x'))).message).toBe(
      'HEAD s3://bucket: expected a bucket, got none of this name. Make the bucket, or correct its name, the endpoint or the region.',
    )
    const { storage, asked } = cannedS3([missing(), new Response(null, { status: 403 }), missing()])
    expect(await storage.size('x')).toBe(null)
    expect(await storage.size('y')).toBe(null)
    expect(asked.length).toBe(3)
  })

  it('does not read answers without end', async () => {
    const endless = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(2 ** 20)) }))
    const { storage } = cannedS3([endless()], { retries: 0 })
    expect((await errorOf(storage.list(''))).message).toContain('more than 8388608 bytes, which no answer of S3 has')
  })
})

describe('listings', () => {
  it('go through all pages, and decode what is encoded', async () => {
    const { storage, asked } = cannedS3(
      [
        page(
          '<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>a+b/=</NextContinuationToken>' +
            '<Contents><Key>p/b+c%2Bd%0A</Key><Size>1</Size></Contents><Contents><Key>p/folder/</Key><Size>0</Size></Contents>',
        ),
        page('<IsTruncated>false</IsTruncated><Contents><Key>p/a+%41&amp;</Key><Size>2</Size></Contents>'),
      ],
      { prefix: 'p' },
    )
    expect(await storage.list('')).toEqual([
      { name: 'a+%41&', bytes: 2 },
      { name: 'b c+d\n', bytes: 1 },
    ])
    expect(asked.map(({ url }) => url)).toEqual([
      'https://s3.test/bucket?list-type=2&encoding-type=url&prefix=p%2F',
      'https://s3.test/bucket?list-type=2&encoding-type=url&prefix=p%2F&continuation-token=a%2Bb%2F%3D',
    ])
  })

  it('end where the service goes round in circles', async () => {
    const truncated = (token: string) => page(`<IsTruncated>true</IsTruncated>${token}`)
    const same = '<NextContinuationToken>t</NextContinuationToken>'
    const text = 'expected a token for the rest of the listing, got'
    const hint = 'The service lists otherwise than S3; use another one.'
    expect((await errorOf(cannedS3([truncated(same), truncated(same)]).storage.list('a'))).message).toBe(
      `GET s3://bucket/a: ${text} the same one again. ${hint}`,
    )
    expect((await errorOf(cannedS3([truncated('')]).storage.list('a'))).message).toBe(
      `GET s3://bucket/a: ${text} none. ${hint}`,
    )
    const entry = page('<Contents><Key>k</Key></Contents>')
    expect((await errorOf(cannedS3([entry]).storage.list('a'))).message).toBe(
      `GET s3://bucket/a: expected an entry with Key and Size, got Key "k", Size none. ${hint}`,
    )
  })

  it('are no pages of a portal', async () => {
    const portal = () => new Response('<html><body>Please log in</body></html>')
    const { storage, asked } = cannedS3([portal(), portal(), portal()])
    expect((await errorOf(storage.list(''))).message).toBe(
      'GET s3://bucket: expected an answer of S3, got status 200 (<html><body>Please log in</body></html>), after 3 tries.',
    )
    expect(asked.length).toBe(3)
  })
})

describe('downloads', () => {
  const broken = (first: string, headers: Record<string, string>, status = 200) => {
    let sent = false
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) controller.error(new Error('broke'))
        else controller.enqueue(utf8(first))
        sent = true
      },
    })
    return new Response(body, { status, headers })
  }

  it('go on with the rest of the same object', async () => {
    const { storage, asked } = cannedS3([
      broken('abc', { etag: '"1"', 'content-length': '9' }),
      broken('def', { etag: '"1"', 'content-range': 'bytes 3-8/9' }, 206),
      new Response('ghi', { status: 206, headers: { etag: '"1"', 'content-range': 'bytes 6-8/9' } }),
    ])
    expect(await textOf(storage.read('x'))).toBe('abcdefghi')
    expect(asked.map(({ headers }) => [headers.get('range'), headers.get('if-match')])).toEqual([
      [null, null],
      ['bytes=3-', '"1"'],
      ['bytes=6-', '"1"'],
    ])
  })

  it('end when the connection ends early, and does so again and again', async () => {
    const cut = () => new Response('ab', { status: 206, headers: { etag: '"1"', 'content-range': 'bytes 2-5/6' } })
    const { storage } = cannedS3([
      new Response('ab', { headers: { etag: '"1"', 'content-length': '6' } }),
      new Error('refused'),
      new Error('refused'),
      new Error('refused'),
      cut(),
    ])
    expect((await errorOf(bytesOf(storage.read('x')))).message).toContain('got none: refused, after 3 tries.')
  })

  it('take no other bytes than they asked for', async () => {
    const where = 'GET s3://bucket/x'
    const all = cannedS3([new Response('whole', { headers: { etag: '"1"' } })])
    expect((await errorOf(bytesOf(all.storage.read('x', { start: 2 })))).message).toBe(
      `${where}: expected bytes from 2 on, got the whole object. The service does not answer ranges; use another one.`,
    )
    const other = cannedS3([new Response('w', { status: 206, headers: { 'content-range': 'bytes 0-0/5' } })])
    expect((await errorOf(bytesOf(other.storage.read('x', { start: 2 })))).message).toContain('got bytes from 0 on.')
    const more = cannedS3([new Response('whole', { headers: { etag: '"1"', 'content-length': '5' } })])
    expect(await textOf(more.storage.read('x', { start: 0, end: 2 }))).toBe('wh')
    const packed = cannedS3([new Response('x', { headers: { 'content-encoding': 'gzip' } })])
    expect((await errorOf(bytesOf(packed.storage.read('x')))).message).toBe(
      `${where}: expected the bytes as they are stored, got Content-Encoding gzip, which fetch unpacks. ` +
        'Store the object without this header; readers know packed files by their names.',
    )
    const unnamed = cannedS3([broken('ab', { 'content-length': '6' })])
    expect((await errorOf(bytesOf(unnamed.storage.read('x')))).message).toBe(
      `${where}: expected an ETag, to go on with the same object, got none, and the connection broke at byte 2. ` +
        'In a browser, let the bucket expose ETag by its CORS rules.',
    )
    const replaced = cannedS3([
      broken('ab', { etag: '"1"', 'content-length': '6' }),
      new Response('cdef', { status: 206, headers: { etag: '"2"', 'content-range': 'bytes 2-5/6' } }),
    ])
    expect((await errorOf(bytesOf(replaced.storage.read('x')))).message).toContain('got another one of this name.')
  })
})

describe('uploads', () => {
  it('need ETags', async () => {
    const { storage, asked } = cannedS3([
      new Response('<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'),
      new Response(null),
      new Response(null),
      new Response(null, { status: 204 }),
    ])
    const error = await errorOf(storage.write('x', [new Uint8Array(9 * 2 ** 20)]))
    expect(error.message).toBe(
      'PUT s3://bucket/x: expected an ETag for part 1, got none. In a browser, let the bucket expose ETag by its CORS rules.',
    )
    expect(asked.at(-1)).toMatchObject({ method: 'DELETE', url: 'https://s3.test/bucket/x?uploadId=u' })
  })

  it('have 10 000 parts at most', async () => {
    const begun = '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>'
    let asked = 0
    const client = s3Client({
      bucket: 'bucket',
      endpoint: 'https://s3.test',
      fetch: async () => (asked++ === 0 ? new Response(begun) : new Response(null, { headers: { etag: '"e"' } })),
    })
    // Parts of one byte, which the options do not allow: of real ones, this file would have 49 GiB.
    expect((await errorOf(writeObject(client, 'x', [new Uint8Array(10_001)], 1))).message).toBe(
      'PUT s3://bucket/x: expected at most 10000 parts, got more, of 1 bytes each. Give a larger partBytes.',
    )
    // The parts, one to begin with, and one to abort.
    expect(asked).toBe(10_002)
  })

  it('try again to create when another writer was there at the same moment', async () => {
    const knows = [new Response(null), new Response(null, { status: 412 }), new Response(null, { status: 204 })]
    const conflict = () => xmlError(409, 'ConditionalRequestConflict', 'conflict')
    const lost = cannedS3([...knows, conflict(), new Response(null, { status: 412 }), new Response(null)])
    expect(await lost.storage.create('x', utf8('x'))).toBe(false)
    const again = cannedS3([...knows.map((answer) => answer.clone()), conflict(), new Response(null)])
    expect(await again.storage.create('x', utf8('x'))).toBe(true)
    const never = cannedS3([...knows.map((answer) => answer.clone()), conflict(), conflict(), conflict()])
    expect((await errorOf(never.storage.create('x', utf8('x')))).message).toBe(
      'PUT s3://bucket/x: expected an answer of S3, got status 409: another writer at the same moment. Allow more retries.',
    )
  })
})

describe('options', () => {
  const options = { bucket: 'bucket' }
  it.each<[Partial<S3StorageOptions>, string]>([
    [{ bucket: 's3://x' }, 's3Storage: expected the name of a bucket, got "s3://x". Give it without s3:// and path.'],
    [{ bucket: '' }, 's3Storage: expected the name of a bucket, got "". Give it without s3:// and path.'],
    [{ prefix: '/a' }, 's3://bucket: expected a prefix without slashes at its ends, got "/a". Leave them out.'],
    [{ prefix: 'a/' }, 's3://bucket: expected a prefix without slashes at its ends, got "a/". Leave them out.'],
    [
      { endpoint: 'minio:9000' },
      's3://bucket: expected an endpoint like https://host:port, got "minio:9000". Bucket and prefix are options of their own.',
    ],
    [
      { endpoint: '' },
      's3://bucket: expected an endpoint like https://host:port, got "". Bucket and prefix are options of their own.',
    ],
    [{ partBytes: 1000 }, 's3://bucket: expected partBytes from 5 MiB to 5 GiB, got 1000. S3 takes no other parts.'],
    [
      { timeoutMs: 0 },
      's3://bucket: expected timeoutMs to be a whole number from 1 on, got 0. Leave it out for the default.',
    ],
    [
      { retries: -1 },
      's3://bucket: expected retries to be a whole number from 0 on, got -1. Leave it out for the default.',
    ],
    [
      { firstDelayMs: 0.5 },
      's3://bucket: expected firstDelayMs to be a whole number from 0 on, got 0.5. Leave it out for the default.',
    ],
  ])('%j are refused', (given, text) => {
    expect(() => s3Storage({ ...options, ...given })).toThrow(OptionError)
    expect(() => s3Storage({ ...options, ...given })).toThrow(text)
  })
})
