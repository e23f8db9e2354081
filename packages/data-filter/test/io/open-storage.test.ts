import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { OptionError } from '@almanac/data-filter'
import { openStorage } from '@almanac/data-filter/io'
import { describe, expect, it } from 'vitest'
import { utf8 } from './bytes.js'

describe('openStorage', () => {
  it('opens paths and file URLs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'almanac open-'))
    try {
      for (const location of [folder, pathToFileURL(folder).href]) {
        const storage = openStorage(location)
        expect(storage.location).toBe(folder)
        await storage.write('x', [utf8(location)])
        expect(await readFile(join(folder, 'x'), 'utf8')).toBe(location)
      }
      expect(openStorage('relative/path').location).toBe('relative/path')
      expect(openStorage('C:\\data').location).toBe('C:\\data')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('opens memory', async () => {
    const storage = openStorage('memory:')
    await storage.write('x', [utf8('x')])
    expect(await openStorage('memory:').list('')).toEqual([])
    expect((await storage.list('')).length).toBe(1)
  })

  it.each([
    [{}, {}, 'https://bucket.s3.us-east-1.amazonaws.com/a/b/x', 'us-east-1'],
    [{ AWS_REGION: 'eu-west-1' }, {}, 'https://bucket.s3.eu-west-1.amazonaws.com/a/b/x', 'eu-west-1'],
    [{ AWS_DEFAULT_REGION: 'eu-west-2' }, {}, 'https://bucket.s3.eu-west-2.amazonaws.com/a/b/x', 'eu-west-2'],
    [{ AWS_ENDPOINT_URL: 'http://one:1' }, {}, 'http://one:1/bucket/a/b/x', 'us-east-1'],
    [
      { AWS_ENDPOINT_URL: 'http://one:1', AWS_ENDPOINT_URL_S3: 'http://two:2' },
      {},
      'http://two:2/bucket/a/b/x',
      'us-east-1',
    ],
    [
      { AWS_ENDPOINT_URL: 'http://one:1' },
      { endpoint: 'http://three:3', region: 'auto' },
      'http://three:3/bucket/a/b/x',
      'auto',
    ],
  ])('reads the environment %j', async (more, options, url, region) => {
    const env = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token', ...more }
    const asked: [string, Headers][] = []
    const fetch = async (to: string, { headers }: RequestInit) => {
      asked.push([to, new Headers(headers)])
      return new Response(null, { status: 204 })
    }
    const storage = openStorage('s3://bucket/a/b/', { env, fetch, ...options })
    expect(storage.location).toBe('s3://bucket/a/b')
    await storage.remove('x')
    expect(asked[0]?.[0]).toBe(url)
    expect(asked[0]?.[1].get('authorization')).toContain(`Credential=id/`)
    expect(asked[0]?.[1].get('authorization')).toContain(`/${region}/s3/`)
    expect(asked[0]?.[1].get('x-amz-security-token')).toBe('token')
  })

  it('takes public buckets without keys only when told so', () => {
    expect(() => openStorage('s3://bucket', { env: {} })).toThrow(OptionError)
    expect(() => openStorage('s3://bucket', { env: { AWS_ACCESS_KEY_ID: 'id' } })).toThrow(
      's3://bucket: expected keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, got none. ' +
        'Set them or give the option credentials; credentials: undefined reads public buckets.',
    )
    expect(openStorage('s3://bucket', { env: {}, credentials: undefined }).location).toBe('s3://bucket')
  })

  it.each(['', 'gs://bucket/x', 'https://host/x', 'az://x', 's3:bucket', 's3:/bucket', 'memory:x'])(
    'refuses %j',
    (location) => {
      expect(() => openStorage(location)).toThrow(OptionError)
      expect(() => openStorage(location)).toThrow(
        `openStorage: expected s3://bucket/prefix, a path, a file: URL or memory:, got ${JSON.stringify(location)}. ` +
          'Other services are reached through their S3 endpoints: s3://bucket/prefix and the option endpoint.',
      )
    },
  )

  it('refuses file URLs of other machines', () => {
    expect(() => openStorage('file://server/share')).toThrow(
      'openStorage: expected a file: URL of this machine, got "file://server/share". Write file:///path.',
    )
  })
})
