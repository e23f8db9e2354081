import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, crc32 as nodeCrc32 } from 'node:zlib'
import { seededRandom } from '@almanac/test-kit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { crc32, tableCrc32 } from '../../src/crc32.js'
import { jsonlEncoder, jsonlReader, warcReader } from '../../src/io/index.js'
import { InflateError, type RawInflater, rawInflaters } from '../../src/io/raw-inflater.js'
import { brief, readAll } from './read-all.js'
import { warcFile } from './warc-file.js'

const random = seededRandom(11)
const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i % 3 === 0 ? random.integer(256) : 97 + (i % 7)))
const html = (text: string): string => `<!doctype html><p>${text}`

/** What comes out of pieces of a stream with other bytes behind it. */
async function inflateAll(inflater: RawInflater, stream: Uint8Array, size: number) {
  const pieces: Uint8Array[] = []
  let at = 0
  while (!inflater.ended && at < stream.length) {
    for await (const piece of inflater.inflate(stream.subarray(at, at + size))) pieces.push(piece.slice())
    at += inflater.consumed
  }
  inflater.close()
  return { whole: Buffer.concat(pieces), at, largest: Math.max(0, ...pieces.map((piece) => piece.length)) }
}

describe.each(['with Node', 'without Node'])('%s, zlib', (where) => {
  beforeEach(() => {
    if (where === 'without Node') vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
  })
  afterEach(() => vi.restoreAllMocks())

  it('inflates a stream in pieces, and says where it ends', async () => {
    const stream = deflateRawSync(bytes)
    const open = await rawInflaters()
    const behind = Buffer.concat([stream, Buffer.from('other bytes')])
    for (const size of [1000, 4096, 65536, 10 ** 6]) {
      const { whole, at } = await inflateAll(open(), behind, size)
      expect(Buffer.compare(whole, bytes)).toBe(0)
      expect(at).toBe(stream.length)
    }
  })
  it('gives what a bomb holds in pieces', async () => {
    const open = await rawInflaters()
    const { whole, largest } = await inflateAll(
      open(),
      Buffer.concat([deflateRawSync(new Uint8Array(2e7)), Buffer.from('.')]),
      65536,
    )
    expect(whole.length).toBe(2e7)
    expect(largest).toBeLessThanOrEqual(65536)
  })
  it('throws for what is no stream', async () => {
    const open = await rawInflaters()
    await expect(inflateAll(open(), new Uint8Array(100).fill(255), 50)).rejects.toThrow(InflateError)
  })
  it('has the checksum of gzip', () => {
    expect(crc32(bytes)).toBe(nodeCrc32(bytes))
    expect(crc32(bytes.subarray(1000), crc32(bytes.subarray(0, 1000)))).toBe(nodeCrc32(bytes))
    expect(tableCrc32(bytes.subarray(1000), tableCrc32(bytes.subarray(0, 1000)))).toBe(nodeCrc32(bytes))
  })
  it('reads WARC of gzip members, broken ones too', async () => {
    const page = html('some words, '.repeat(50))
    const [a, b, c] = await Promise.all([
      warcFile([{ body: gzipSync(page), http: { 'Content-Encoding': 'gzip' } }], true),
      warcFile([{ body: deflateSync(page), http: { 'Content-Encoding': 'deflate' } }], true),
      warcFile([{ body: deflateRawSync(page), http: { 'Content-Encoding': 'deflate' } }], true),
    ])
    const bomb = await warcFile([{ body: gzipSync(new Uint8Array(2e7)), http: { 'Content-Encoding': 'gzip' } }], true)
    const cut = await warcFile([{ body: gzipSync(page).subarray(0, 40), http: { 'Content-Encoding': 'gzip' } }], true)
    const file = Buffer.concat([a, b.subarray(0, b.length - 20), b, bomb, cut, c])
    const found = (await readAll(warcReader(), file)).map(brief)
    expect(found).toEqual([page, '(broken-file)', page, '(too-large)', '(bad-body)', page])
    const br = { body: brotliCompressSync(page), http: { 'Content-Encoding': 'br' } }
    const expected = where === 'with Node' ? page : '(bad-body)'
    expect((await readAll(warcReader(), await warcFile([br], true))).map(brief)).toEqual([expected])
  })
  it('writes and reads JSON Lines', async () => {
    const documents = Array.from({ length: 50 }, (_, i) => ({
      id: `${i}`,
      text: `text ${i}`,
      metadata: { file_path: 'x' },
    }))
    const encoder = jsonlEncoder({ gzip: true })
    for (const document of documents) encoder.add(document)
    const file = await encoder.finish()
    expect(gunzipSync(file).length).toBeGreaterThan(1000)
    expect(await readAll(jsonlReader(), file)).toEqual(documents.map((document) => ({ document })))
  })
})
