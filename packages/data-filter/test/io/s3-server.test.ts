import { StorageError } from '@almanac/data-filter'
import { S3Error, s3Storage } from '@almanac/data-filter/io'
import { describe, expect, it } from 'vitest'
import { errorOf, textOf, utf8 } from './bytes.js'
import { BUCKET, keys, startS3TestServer } from './s3-test-server.js'

type Behaviour = Parameters<typeof startS3TestServer>[0]

async function withServer(behaviour: Behaviour, body: (endpoint: string) => Promise<void>): Promise<void> {
  const server = await startS3TestServer(behaviour)
  try {
    await body(server.endpoint)
  } finally {
    await server.close()
  }
}

const open = (endpoint: string, more: object = {}) =>
  s3Storage({ bucket: BUCKET, endpoint, credentials: keys, firstDelayMs: 1, ...more })

it('lists page after page', () =>
  withServer({ pageKeys: 3 }, async (endpoint) => {
    const storage = open(endpoint, { prefix: 'pages' })
    const names = Array.from({ length: 10 }, (_, i) => `file-${i}`)
    for (const name of names) await storage.write(name, [utf8(name)])
    expect((await storage.list('')).map(({ name }) => name)).toEqual(names)
    expect((await storage.list('file-9')).length).toBe(1)
  }))

it('says what is wrong with keys and buckets', () =>
  withServer({}, async (endpoint) => {
    const secret = await errorOf(open(endpoint, { credentials: { ...keys, secretAccessKey: 'wrong' } }).list(''))
    expect(secret).toBeInstanceOf(S3Error)
    expect(secret.message).toBe(
      `GET s3://${BUCKET}: expected an answer of S3, got status 403 SignatureDoesNotMatch ` +
        '(The request signature we calculated does not match.), request id gate-1. ' +
        'Check the secret key and the region, and that no proxy changes the request.',
    )
    const unsigned = await errorOf(open(endpoint, { credentials: undefined }).size('x'))
    expect(unsigned).toMatchObject({ status: 403, hint: expect.stringContaining("this machine's clock") })
    for (const call of ['list', 'size', 'write'] as const) {
      const storage = open(endpoint, { bucket: 'no-such-bucket' })
      const asked = call === 'write' ? storage.write('x', [utf8('x')]) : storage[call]('x')
      expect((await errorOf(asked)).message).toContain(
        'Make the bucket, or correct its name, the endpoint or the region.',
      )
    }
  }))

describe('services without conditional writes', () => {
  it.each([
    ['ignore', 'status 200: the service ignores the header'],
    ['refuse', 'status 501'],
  ] as const)('are found out when they %s', (conditionalWrites, got) =>
    withServer({ conditionalWrites }, async (endpoint) => {
      const storage = open(endpoint)
      for (let time = 0; time < 2; time++) {
        const error = await errorOf(storage.create('x', utf8('x')))
        expect(error).toBeInstanceOf(StorageError)
        expect(error.message).toMatch(/^PUT s3:\/\/almanac-test\/\.almanac-tmp-probe-[0-9a-f-]{36}: /)
        expect(error.message).toContain(
          `: expected status 412 for an object that is there: If-None-Match: *, got ${got}. Use a service that has ` +
            'conditional writes, or give conditionalWrites: false if no two callers create the same file.',
        )
      }
      expect(await storage.list('')).toEqual([])

      const unguarded = open(endpoint, { conditionalWrites: false })
      expect(await unguarded.create('x', utf8('first'))).toBe(true)
      expect(await unguarded.create('x', utf8('second'))).toBe(false)
      expect(await textOf(unguarded.read('x'))).toBe('first')
    }),
  )
})
