import { StorageError } from '@almanac/data-filter'
import { type Retry, S3Error, type S3StorageOptions, s3Storage } from '@almanac/data-filter/io'
import { seededRandom } from '@almanac/test-kit'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf, errorOf, someBytes, textOf, utf8 } from './bytes.js'
import { type Fault, type FaultyProxy, startFaultyProxy } from './faulty-proxy.js'
import { BUCKET, keys, type S3TestServer, startS3TestServer } from './s3-test-server.js'

const MiB = 2 ** 20
let server: S3TestServer
let proxies: FaultyProxy[] = []
beforeAll(async () => {
  server = await startS3TestServer()
})
afterEach(async () => {
  for (const proxy of proxies) await proxy.close()
  proxies = []
})
afterAll(() => server.close())

type FaultOf = Parameters<typeof startFaultyProxy>[1]

/** A storage behind a proxy with these faults. */
async function faulty(faultOf: FaultOf, options: Partial<S3StorageOptions> = {}) {
  const proxy = await startFaultyProxy(server.port, faultOf)
  proxies.push(proxy)
  const retries: Retry[] = []
  const storage = s3Storage({
    bucket: BUCKET,
    endpoint: proxy.endpoint,
    credentials: keys,
    partBytes: 5 * MiB,
    firstDelayMs: 1,
    // Far from what a busy machine takes: tests of silence give their own.
    timeoutMs: 20_000,
    onRetry: (retry) => retries.push(retry),
    ...options,
  })
  return { storage, retries, log: proxy.log, faults: () => proxy.log.filter(({ fault }) => fault !== null).length }
}

/** The fault for the first requests of a kind, then none. */
const first = (fault: Fault, times: number, concerns: (method: string, url: string) => boolean): FaultOf => {
  let left = times
  return ({ method, url }) => (concerns(method, url) && left-- > 0 ? fault : null)
}

const plain = () => s3Storage({ bucket: BUCKET, endpoint: server.endpoint, credentials: keys })
const whole = someBytes(11, 11 * MiB + 17)

describe('faults', () => {
  it.each<Fault>(['status-429', 'status-500', 'status-502', 'status-503', 'status-504', 'reset-upload', 'lost-answer'])(
    'writes and reads on through %s, one retry a fault',
    async (fault) => {
      const name = `each/${fault}`
      const { storage, retries, faults } = await faulty(({ index }) => (index % 2 === 0 ? fault : null))
      await storage.write(name, [utf8('small')])
      expect(await storage.size(name)).toBe(5)
      expect((await storage.list(name)).length).toBe(1)
      // A download that is lost when it is whole breaks in the middle for the reader, who has no more to ask for.
      expect(await textOf(storage.read(name))).toBe('small')
      await storage.remove(name)
      expect(faults()).toBe(5)
      expect(retries.length).toBe(5)
      expect(retries[0]).toMatchObject({ where: `PUT s3://${BUCKET}/${name}`, retry: 1 })
    },
  )

  it.each<Fault>(['silence', 'half-answer'])('does not wait for ever: %s', async (fault) => {
    await plain().write(`wait/${fault}`, [whole.subarray(0, 300_000)])
    let left = 2
    // The listing's and the download's first tries. Others may come too late as well, on a machine that is busy.
    const { storage, retries, faults } = await faulty(({ index }) => (index % 2 === 0 && left-- > 0 ? fault : null), {
      timeoutMs: 500,
    })
    expect((await storage.list(`wait/${fault}`)).length).toBe(1)
    expect(Buffer.compare(await bytesOf(storage.read(`wait/${fault}`)), whole.subarray(0, 300_000))).toBe(0)
    expect(faults()).toBe(2)
    expect(retries.length).toBeGreaterThanOrEqual(2)
    expect(new Set(retries.map(({ reason }) => reason))).toEqual(new Set(['none: nothing came for 500 ms']))
  })

  it.each([1, 2, 3])('keeps the content of large files through mixed faults, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const mixed = [
      'status-500',
      'status-503',
      'reset-upload',
      'reset-download',
      'error-in-200',
      'half-in-200',
    ] as const satisfies Fault[]
    const faultOf: FaultOf = ({ method, url }) => {
      if (random.next() < 0.6) return null
      const fault = random.pick(mixed)
      // S3 sends errors in answers of status 200 where it must think for long; only downloads have halves.
      const thinks = method === 'POST' && url.includes('uploadId=')
      const fits = fault.endsWith('-in-200')
        ? thinks
        : fault.endsWith('-upload') || fault.startsWith('status') || method === 'GET'
      return fits ? fault : 'status-503'
    }
    const { storage, retries, faults } = await faulty(faultOf, { retries: 20 })
    const name = `mixed/${seed}`
    async function* pieces() {
      for (let at = 0; at < whole.length; at += 700_001) yield whole.subarray(at, at + 700_001)
    }
    expect(await storage.write(name, pieces())).toEqual({ name, bytes: whole.length })
    expect(Buffer.compare(await bytesOf(plain().read(name)), whole)).toBe(0)
    expect(Buffer.compare(await bytesOf(storage.read(name)), whole)).toBe(0)
    const range = { start: 5 * MiB - 3, end: 9 * MiB }
    expect(Buffer.compare(await bytesOf(storage.read(name, range)), whole.subarray(range.start, range.end))).toBe(0)
    expect(faults()).toBeGreaterThan(0)
    expect(retries.length).toBe(faults())
    expect(await server.openUploads()).toEqual([])
  })

  it('goes on where a download broke', async () => {
    await plain().write('broken', [whole.subarray(0, 4 * MiB)])
    const { storage, log } = await faulty(first('reset-download', 3, (method) => method === 'GET'))
    let bytes = 0
    for await (const piece of storage.read('broken', { start: 1 })) bytes += piece.length
    expect(bytes).toBe(4 * MiB - 1)
    expect(log.map(({ fault }) => fault)).toEqual(['reset-download', 'reset-download', 'reset-download', null])
  })

  it('does not mix two objects', async () => {
    await plain().write('changing', [whole.subarray(0, 4 * MiB)])
    const { storage } = await faulty(
      first('half-answer', 1, (method) => method === 'GET'),
      { timeoutMs: 300 },
    )
    const error = await errorOf(
      (async () => {
        let replaced = false
        for await (const piece of storage.read('changing')) {
          if (!replaced) await plain().write('changing', [piece.slice().reverse(), whole.subarray(0, 4 * MiB)])
          replaced = true
        }
      })(),
    )
    expect(error).toBeInstanceOf(StorageError)
    expect(error.message).toBe(
      `GET s3://${BUCKET}/changing: expected the object that reading began with, got another one of this name. ` +
        'Something wrote it meanwhile; read it from the start.',
    )
  })

  it('knows its own work when the answer was lost', async () => {
    const creating = await faulty(first('lost-answer', 1, (method, url) => method === 'PUT' && url.endsWith('/claim')))
    expect(await creating.storage.create('claim', utf8('mine'))).toBe(true)
    expect(creating.retries.length).toBe(1)
    expect(await creating.storage.create('claim', utf8('mine'))).toBe(false)
    const other = await faulty(first('lost-answer', 2, (method, url) => method === 'PUT' && url.endsWith('/claim')))
    expect(await other.storage.create('claim', utf8('mine'))).toBe(false)

    const completing = await faulty(
      first('lost-answer', 1, (method, url) => method === 'POST' && url.includes('uploadId=')),
    )
    expect((await completing.storage.write('completed', [whole])).bytes).toBe(whole.length)
    expect(Buffer.compare(await bytesOf(plain().read('completed')), whole)).toBe(0)
    expect(await server.openUploads()).toEqual([])
  })

  it.each([5, 6])('lets one of 20 callers create through faults, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const { storage, faults } = await faulty(
      () =>
        random.next() < 0.6 ? null : random.pick(['status-500', 'status-503', 'reset-upload', 'lost-answer'] as const),
      { retries: 30, maxDelayMs: 20 },
    )
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, i) => storage.create(`race/${seed}`, utf8(`caller ${i}`))),
    )
    expect(won.filter(Boolean).length).toBe(1)
    expect(await textOf(plain().read(`race/${seed}`))).toBe(`caller ${won.indexOf(true)}`)
    expect(faults()).toBeGreaterThan(0)
  })
})

describe('giving up', () => {
  it('says what came, how often it tried and what to do', async () => {
    const { storage, log, retries } = await faulty(() => 'status-503', { retries: 3 })
    const error = await errorOf(storage.list('a'))
    expect(error).toBeInstanceOf(S3Error)
    expect(error).toBeInstanceOf(StorageError)
    expect(error).toMatchObject({ status: 503, code: 'SlowDown', requestId: 'proxy-1' })
    expect(error.message).toBe(
      `GET s3://${BUCKET}: expected an answer of S3, got status 503 SlowDown (as the test wants it), request id proxy-1, ` +
        'after 4 tries. Read and write with fewer workers, or allow more retries.',
    )
    expect(log.length).toBe(4)
    expect(retries.map(({ retry }) => retry)).toEqual([1, 2, 3])
  })

  it('says so of connections', async () => {
    const reset = await faulty(() => 'reset-upload', { retries: 1 })
    expect((await errorOf(reset.storage.write('x', [utf8('x')]))).message).toMatch(
      /^PUT s3:\/\/almanac-test\/x: expected an answer of S3, got none: fetch failed \(.+\), after 2 tries\. Check the endpoint, the network and, in a browser, what CORS rules the bucket has\.$/,
    )
    const silent = await faulty(() => 'silence', { retries: 1, timeoutMs: 50 })
    expect((await errorOf(silent.storage.size('x'))).message).toContain(
      'got none: nothing came for 50 ms, after 2 tries.',
    )
    const half = await faulty(() => 'half-in-200', { retries: 1 })
    expect((await errorOf(half.storage.list('x'))).message).toContain('got status 200 (<?xml version="1.0"?><Error>')
  })

  it.each<[Fault, (method: string, url: string) => boolean]>([
    ['status-500', (method, url) => method === 'PUT' && url.includes('partNumber=2')],
    ['reset-upload', (method, url) => method === 'PUT' && url.includes('partNumber=3')],
    ['error-in-200', (method, url) => method === 'POST' && url.includes('uploadId=')],
  ])('leaves no upload open after %s', async (fault, concerns) => {
    const { storage } = await faulty(({ method, url }) => (concerns(method, url) ? fault : null), { retries: 2 })
    const error = await errorOf(storage.write('failed', [whole]))
    expect(error).toBeInstanceOf(S3Error)
    expect(error.message).toContain('after 3 tries')
    expect(await server.openUploads()).toEqual([])
    expect(await storage.size('failed')).toBe(null)
  })

  it('says which upload it could not abort', async () => {
    const { storage } = await faulty(
      ({ method, url }) => (method === 'DELETE' || url.includes('partNumber=2') ? 'status-500' : null),
      { retries: 1 },
    )
    const error = await errorOf(storage.write('stuck', [whole]))
    expect(error.message).toMatch(
      /Upload [0-9a-f]{32} is still open: abort it, or let a lifecycle rule of the bucket do so\.$/,
    )
    expect(await server.openUploads()).toEqual(['stuck'])
  })

  it('stops when it is told to', async () => {
    const controller = new AbortController()
    const { storage } = await faulty(() => 'silence', { signal: controller.signal, timeoutMs: 60_000 })
    const asked = errorOf(storage.list(''))
    setTimeout(() => controller.abort(new Error('enough')), 50)
    expect((await asked).message).toBe('enough')
    const waiting = new AbortController()
    const later = await faulty(() => 'status-503', { signal: waiting.signal, firstDelayMs: 20_000, retries: 100 })
    const waited = errorOf(later.storage.list(''))
    setTimeout(() => waiting.abort(new Error('enough')), 50)
    expect((await waited).message).toBe('enough')
  })
})
