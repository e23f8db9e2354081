import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { sharedData } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { warcReader } from '../../src/io/index.js'
import type { ReadRecord } from '../../src/read-record.js'
import { countingStorage } from './counting-storage.js'
import { brief, readAll, reasons } from './read-all.js'
import { type RecordToWrite, warcFile, warcRecord } from './warc-file.js'

const html = (text: string): string => `<!doctype html><title>${text}</title><p>${text}</p>`
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const join2 = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts)
const read = async (file: Uint8Array, options = {}) => readAll(warcReader(), file, options)
const textOf = async (record: RecordToWrite, options = {}) =>
  (await read(await warcFile([record], true), options)).map(brief)

describe('warcReader', () => {
  it.each([true, false])(
    'gives pages with their names and addresses, and counts what is none (gzip: %s)',
    async (gzip) => {
      const file = await warcFile(
        [
          { type: 'warcinfo', body: 'software: none\r\n' },
          { type: 'request', body: '' },
          { id: '<urn:uuid:1>', body: html('one') },
          { body: '%PDF-1.4', warc: { 'WARC-Identified-Payload-Type': 'application/pdf' } },
          { type: 'metadata', body: 'fetchTimeMs: 3' },
          { id: '<urn:uuid:2>', url: 'http://b.example/x', body: html('two') },
        ],
        gzip,
      )
      const records = await read(file)
      expect(reasons(records)).toEqual([
        'other-record',
        'other-record',
        'document',
        'not-html',
        'other-record',
        'document',
      ])
      expect(records[2]).toEqual({
        document: {
          id: '<urn:uuid:1>',
          text: html('one'),
          metadata: {
            url: 'http://a.example/',
            date: '2024-05-18T01:58:10Z',
            file_path: 'memory:/file',
            content_type: 'text/html',
          },
        },
      })
      expect(records[5]).toHaveProperty('document.metadata.url', 'http://b.example/x')
      expect(records[1]).toHaveProperty('detail', 'request')
      expect(records[3]).toHaveProperty('detail', 'application/pdf')
      for (let skip = 0; skip <= 7; skip++) expect(await read(file, { skip })).toEqual(records.slice(skip))
    },
  )
  it('takes the type from the crawler, or from the first bytes', async () => {
    const typed = (type: string, body: string) => ({ body, warc: { 'WARC-Identified-Payload-Type': type } })
    expect(await textOf(typed('text/html', 'no tags'))).toEqual(['no tags'])
    expect(await textOf(typed('application/xhtml+xml', '<x/>'))).toEqual(['<x/>'])
    expect(await textOf(typed('text/plain', html('a')))).toEqual(['(not-html)'])
    expect(await textOf({ body: ' \n<!-- a comment --> <HTML><p>x' })).toEqual([' \n<!-- a comment --> <HTML><p>x'])
    expect(await textOf({ body: '<?xml version="1.0"?>\n<html xmlns="x">' })).toHaveLength(1)
    for (const body of ['plain text', '{"a": 1}', '<?xml version="1.0"?><rss>', '\u0000\u0001\u0002', 'GIF89a']) {
      expect(await textOf({ body })).toEqual(['(not-html)'])
    }
  })
  it('takes texts of WET files', async () => {
    const wet = { type: 'conversion', body: 'A text.', id: '<urn:uuid:9>' } as const
    const [record] = await read(await warcFile([wet], true))
    expect(record).toHaveProperty('document.text', 'A text.')
    expect(record).toHaveProperty('document.metadata.content_type', 'text/plain')
    expect(await textOf({ ...wet, warc: { 'WARC-Identified-Payload-Type': 'text/plain' } })).toEqual(['A text.'])
    expect(await textOf({ ...wet, warc: { 'WARC-Identified-Payload-Type': 'image/png' } })).toEqual(['(not-html)'])
  })
  it('takes the names of old crawls, and angle brackets off', async () => {
    const old = bytesOf(
      `WARC/0.18\nWARC-Type: response\nuri: <http://old.example/>\narchive-date: 2008\nContent-Length: 6\n\n<html>\n\n`,
    )
    const [record] = await read(old)
    expect(record).toHaveProperty('document.metadata.url', 'http://old.example/')
    expect(record).toHaveProperty('document.metadata.date', '2008')
    expect(record).toHaveProperty('document.id', 'file/0')
  })
  it('undoes Content-Encoding and chunks', async () => {
    const page = html('a page with some words, '.repeat(20))
    const bytes = bytesOf(page)
    const chunked = (body: Uint8Array, size = 100) => {
      const parts: Uint8Array[] = []
      for (let at = 0; at < body.length; at += size) {
        const part = body.subarray(at, at + size)
        parts.push(bytesOf(`${part.length.toString(16)}\r\n`), part, bytesOf('\r\n'))
      }
      return join2(...parts, bytesOf('0\r\n\r\n'))
    }
    const cases: [Uint8Array, Record<string, string>][] = [
      [gzipSync(bytes), { 'Content-Encoding': 'gzip' }],
      [gzipSync(bytes), { 'Content-Encoding': 'x-gzip' }],
      [deflateSync(bytes), { 'Content-Encoding': 'deflate' }],
      [deflateRawSync(bytes), { 'Content-Encoding': 'deflate' }],
      [brotliCompressSync(bytes), { 'Content-Encoding': 'br' }],
      [gzipSync(deflateSync(bytes)), { 'Content-Encoding': 'deflate, gzip' }],
      [chunked(bytes), { 'Transfer-Encoding': 'chunked' }],
      [chunked(gzipSync(bytes), 37), { 'Transfer-Encoding': 'chunked', 'Content-Encoding': 'gzip' }],
      [gzipSync(bytes), { 'Transfer-Encoding': 'gzip' }],
      // What crawlers write that decode bodies and keep headers.
      ...['gzip', 'deflate', 'br', 'unknown'].map((name): [Uint8Array, Record<string, string>] => [
        bytes,
        { 'Content-Encoding': name },
      ]),
      [bytes, { 'Transfer-Encoding': 'chunked' }],
    ]
    for (const [body, http] of cases) expect([http, await textOf({ body, http })]).toEqual([http, [page]])
  })
  it('counts bodies that are none', async () => {
    const page = bytesOf(html('a page with some words, '.repeat(200)))
    const cut = gzipSync(page).subarray(0, 60)
    const http = { 'Content-Encoding': 'gzip' }
    expect(await textOf({ body: cut, http })).toEqual(['(bad-body)'])
    // The crawler says that it did not take all.
    const [part] = await textOf({ body: cut, http, warc: { 'WARC-Truncated': 'length' } })
    expect(part?.length).toBeGreaterThan(0)
    expect(new TextDecoder().decode(page)).toContain(part)
    expect(await textOf({ body: '', http: {} })).toEqual(['(empty)'])
    expect(await textOf({ body: ' \n', warc: { 'WARC-Identified-Payload-Type': 'text/html' } })).toEqual(['(empty)'])
    const chunks = '6\r\n<html>\r\nffff\r\nmore\r\n0\r\n\r\n'
    expect(await textOf({ body: chunks, http: { 'Transfer-Encoding': 'chunked' } })).toEqual(['(bad-body)'])
  })
  it('stops zip bombs at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(50e6, 'a'))
    expect(bomb.length).toBeLessThan(60_000)
    const http = { 'Content-Encoding': 'gzip' }
    const file = await warcFile([{ body: bomb, http }, { body: html('after') }], true)
    const records = await read(file)
    expect(records.map(brief)).toEqual(['(too-large)', html('after')])
    expect(records[0]).toHaveProperty('detail', 'more than 8388608 bytes')
  })
  it.each([true, false])('does not take what is larger than the limit (gzip: %s)', async (gzip) => {
    const file = await warcFile([{ body: html('x'.repeat(5000)) }, { body: html('after') }], gzip)
    const records = await read(file, { maxRecordBytes: 1000 })
    expect(records.map(brief)).toEqual(['(too-large)', html('after')])
    expect(records[0]).toHaveProperty('detail', expect.stringMatching(/^\d+ bytes, where 1000 are read$/))
  })
  it('goes on behind broken gzip members', async () => {
    const members = await Promise.all(['a', 'b', 'c'].map((name) => warcFile([{ body: html(name), warc: {} }], true)))
    const [a, b, c] = members as [Uint8Array, Uint8Array, Uint8Array]
    const flipped = b.slice()
    flipped[60] = (flipped[60] as number) ^ 0xff
    const wrongSum = b.slice()
    wrongSum[b.length - 6] = (wrongSum[b.length - 6] as number) ^ 1
    for (const bad of [flipped, wrongSum, b.subarray(0, b.length - 30), bytesOf('no gzip at all'), b.subarray(0, 12)]) {
      const records = await read(join2(a, bad, c))
      expect(records.map(brief)).toEqual([html('a'), '(broken-file)', html('c')])
      expect(records[1]).toHaveProperty('where', `memory:/file, record 1, byte ${a.length}`)
    }
    expect((await read(join2(a, b.subarray(0, b.length - 3)))).map(brief)).toEqual([html('a'), '(broken-file)'])
    // Zeros between and behind members are no damage.
    expect((await read(join2(a, new Uint8Array(1000), c, new Uint8Array(9)))).map(brief)).toEqual([
      html('a'),
      html('c'),
    ])
  })
  it('reads records that one member, or members cut anywhere, hold', async () => {
    const plain = await warcFile(
      ['a', 'b', 'c', 'd'].map((name) => ({ body: html(name) })),
      false,
    )
    const expected = ['a', 'b', 'c', 'd'].map(html)
    expect((await read(gzipSync(plain))).map(brief)).toEqual(expected)
    for (const size of [7, 64, 500]) {
      const parts: Uint8Array[] = []
      for (let at = 0; at < plain.length; at += size) parts.push(gzipSync(plain.subarray(at, at + size)))
      expect((await read(join2(...parts))).map(brief)).toEqual(expected)
    }
  })
  it.each([true, false])('finds the records behind a wrong Content-Length (gzip: %s)', async (gzip) => {
    const wrong = async (change: (length: number) => number | string): Promise<Uint8Array> => {
      const text = new TextDecoder().decode(await warcRecord({ body: html('wrong') }))
      return bytesOf(text.replace(/Content-Length: (\d+)/, (_, length) => `Content-Length: ${change(Number(length))}`))
    }
    const changes = [
      (length: number) => length + 300,
      (length: number) => length + 5,
      (length: number) => length - 5,
      () => 1e9,
      () => 1e14,
      () => -5,
      () => 'many',
      () => '',
    ]
    for (const change of changes) {
      const file = await warcFile(
        [{ body: html('a') }, await wrong(change), { body: html('b') }, { body: html('c') }],
        gzip,
      )
      const found = (await read(file)).map(brief)
      expect([String(change), found]).toEqual([String(change), [html('a'), '(broken-file)', html('b'), html('c')]])
    }
  })
  it('reports truncated files, junk and endless headers, and ends', async () => {
    const [a, b] = (await Promise.all(['a', 'b'].map((name) => warcRecord({ body: html(name) })))) as [
      Uint8Array,
      Uint8Array,
    ]
    expect((await read(join2(a, b.subarray(0, b.length - 20)))).map(brief)).toEqual([html('a'), '(broken-file)'])
    expect((await read(join2(a, b.subarray(0, 50)))).map(brief)).toEqual([html('a'), '(broken-file)'])
    expect((await read(join2(a, bytesOf('junk\nand more\n'), b))).map(brief)).toEqual([
      html('a'),
      '(broken-file)',
      html('b'),
    ])
    expect((await read(join2(bytesOf('junk\nand more\n'), b))).map(brief)).toEqual(['(broken-file)', html('b')])
    const endless = join2(bytesOf('WARC/1.0\r\n'), new Uint8Array(2e5).fill(97), bytesOf('\r\n\r\n'))
    expect((await read(join2(endless, b))).map(brief)).toEqual(['(broken-file)', html('b')])
    expect(await read(new Uint8Array(0))).toEqual([])
    expect((await read(new Uint8Array(1000).fill(200))).map(brief)).toEqual(['(broken-file)'])
  })
  it('does not read a hostile file over and over', async () => {
    // Each record claims a third of what is left, in which others lie, and ends within a line.
    const records: string[] = []
    const record = (i: number, length: number) =>
      `WARC/1.0\r\nWARC-Type: response\r\nRecord: ${i}\r\nContent-Length: ${String(length).padStart(9)}\r\n\r\nxxxxxx\r\n`
    const size = record(1000, 0).length
    for (let i = 1000; i < 4000; i++) records.push(record(i, size * Math.floor((4000 - i) / 3) + 3))
    const storage = countingStorage()
    await storage.write('file', [bytesOf(records.join(''))])
    const found: ReadRecord[] = []
    for await (const one of warcReader().read(storage, 'file')) found.push(one)
    expect(found.length).toBeGreaterThan(100)
    expect(found.length).toBeLessThanOrEqual(3000)
    expect(storage.counts.reads).toBeLessThan(300)
  })
  it('keeps null bytes, and reads what comes after', async () => {
    const file = await warcFile([{ body: `<html>${'\0'.repeat(3)}a\0b` }, { body: html('b') }], true)
    const typed = await warcFile([{ body: '<html>a\0b', warc: { 'WARC-Identified-Payload-Type': 'text/html' } }], true)
    expect((await read(join2(file, typed))).map(brief)).toEqual(['(not-html)', html('b'), '<html>a\0b'])
  })
  it('reads a true file of Common Crawl', async (context) => {
    const shared = process.env['ALMANAC_SHARED']
    const path = shared ? join(shared, 'data', 'whirlwind.warc.gz') : sharedData('whirlwind.warc.gz')
    if (!path || !existsSync(path)) return context.skip('needs ../shared/data/whirlwind.warc.gz (or ALMANAC_SHARED)')
    const records = await read(readFileSync(path))
    expect(reasons(records)).toEqual(['other-record', 'other-record', 'document', 'other-record'])
    expect(records[2]).toHaveProperty('document.id', '<urn:uuid:2aabeff2-67f5-4608-8466-e87c6296e2b6>')
    expect(records[2]).toHaveProperty('document.metadata.url', 'https://an.wikipedia.org/wiki/Escopete')
    expect(records[2]).toHaveProperty('document.metadata.date', '2024-05-18T01:58:10Z')
    expect(records[2]).toHaveProperty('document.text', expect.stringContaining('<title>Escopete - Biquipedia'))
  })
  it('says which options are none', async () => {
    await expect(read(new Uint8Array(0), { skip: -1 })).rejects.toThrow(
      'warcReader: skip: expected a whole number of at least 0, got -1. Leave it out for the default.',
    )
    await expect(read(new Uint8Array(0), { maxRecordBytes: 0 })).rejects.toThrow('warcReader: maxRecordBytes: expected')
  })
})
