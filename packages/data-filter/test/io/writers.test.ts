import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { seededRandom, sharedData } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import type { Document } from '../../src/document.js'
import {
  jsonlEncoder,
  jsonlLine,
  jsonlReader,
  parquetEncoder,
  parquetReader,
  readDocuments,
  readerFor,
  writeDocuments,
} from '../../src/io/index.js'
import { memoryStorage } from '../../src/memory-storage.js'
import { readAll } from './read-all.js'

const file_path = 'somewhere'
const random = seededRandom(7)
const WORDS = Array.from({ length: 4000 }, () => `${random.integer(2 ** 30).toString(36)} `)
const documents = (count: number): Document[] =>
  Array.from({ length: count }, (_, i) => ({
    id: `<urn:${i}>`,
    text: `Text ${i}\n„ü“ 漢字 🎈 \0 \u2028 "quoted" ${WORDS.slice((i * 17) % 3000, ((i * 17) % 3000) + ((i * 37) % 100)).join('')}`,
    metadata: {
      file_path,
      url: `http://a.example/${i}`,
      score: i / 7,
      list: [1, null, { a: [] }],
      nothing: null,
      flag: i % 2 === 0,
    },
  }))

async function encoded(
  encoder: ReturnType<typeof jsonlEncoder>,
  all: readonly Document[],
  take: boolean,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for (const document of all) {
    encoder.add(document)
    if (take) pieces.push(...encoder.take())
  }
  pieces.push(await encoder.finish())
  return Buffer.concat(pieces)
}
// An expectation looks at bytes one by one, which takes a minute for a few million.
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const documentsOf = async (...args: Parameters<typeof readAll>) =>
  (await readAll(...args)).map((record) => ('document' in record ? record.document : record))

describe('jsonlLine', () => {
  it("is a line of datatrove's shape", () => {
    expect(jsonlLine({ id: 'a', text: 'x\ny', metadata: { url: 'u' } })).toBe(
      '{"text":"x\\ny","id":"a","metadata":{"url":"u"}}\n',
    )
    expect(jsonlLine({ id: 'a', text: 'x', metadata: {} })).toBe('{"text":"x","id":"a"}\n')
  })
})

describe('jsonlEncoder', () => {
  it.each([true, false])('gives back what it was given (gzip: %s)', async (gzip) => {
    // More than one MiB, so that there is more than one block.
    const all = documents(3000)
    const bytes = await encoded(jsonlEncoder({ gzip }), all, false)
    expect(await documentsOf(jsonlReader(), bytes)).toEqual(all)
    expect(same(await encoded(jsonlEncoder({ gzip }), all, true), bytes)).toBe(true)
    expect(new TextDecoder().decode(gzip ? gunzipSync(bytes) : bytes)).toBe(all.map(jsonlLine).join(''))
    if (gzip) expect([...bytes.subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 0, 255])
  })
  it('keeps halves of characters', async () => {
    const all = [{ id: 'a', text: '\ud800 and \udc00', metadata: { file_path } }]
    expect(await documentsOf(jsonlReader(), await encoded(jsonlEncoder(), all, false))).toEqual(all)
  })
  it('says how large the file is so far', async () => {
    for (const gzip of [true, false]) {
      const encoder = jsonlEncoder({ gzip })
      let before = encoder.bytes
      const all = documents(4000)
      for (const document of all) {
        encoder.add(document)
        // The size of the first block is a guess until it is there.
        if (!gzip || encoder.bytes > 2 ** 20) expect(encoder.bytes).toBeGreaterThan(0.9 * before)
        before = encoder.bytes
      }
      const estimate = encoder.bytes
      const { length } = await encoder.finish()
      expect(Math.abs(length / estimate - 1)).toBeLessThan(gzip ? 0.1 : 1e-9)
    }
  })
  it('writes no document as a file without lines', async () => {
    expect(await readAll(jsonlReader(), await jsonlEncoder({ gzip: true }).finish())).toEqual([])
    expect(gunzipSync(await jsonlEncoder({ gzip: true }).finish()).length).toBe(0)
  })
  it('compresses more at a higher level, and refuses levels that are none', async () => {
    const [low, high] = await Promise.all(
      [1, 9].map((level) => encoded(jsonlEncoder({ gzip: true, level }), documents(500), false)),
    )
    expect((high as Uint8Array).length).toBeLessThan((low as Uint8Array).length)
    expect(() => jsonlEncoder({ level: 10 })).toThrow(
      'jsonlEncoder: level: expected a whole number from 1 to 9, got 10. Leave it out for 6.',
    )
  })
})

describe('parquetEncoder', () => {
  it.each(['SNAPPY', 'UNCOMPRESSED'] as const)('gives back what it was given (%s)', async (codec) => {
    const all = documents(700)
    for (const rowGroupBytes of [2 ** 24, 50_000]) {
      const bytes = await encoded(parquetEncoder({ codec, rowGroupBytes }), all, false)
      expect(await documentsOf(parquetReader(), bytes)).toEqual(all)
      expect(same(await encoded(parquetEncoder({ codec, rowGroupBytes }), all, true), bytes)).toBe(true)
    }
  })
  it('writes no document as a table without rows, and refuses options', async () => {
    expect(await readAll(parquetReader(), await parquetEncoder().finish())).toEqual([])
    expect(() => parquetEncoder({ rowGroupBytes: 0 })).toThrow(
      'parquetEncoder: rowGroupBytes: expected at least 1, got 0. Leave it out for 16 MiB.',
    )
  })
})

describe('writeDocuments and readDocuments', () => {
  it('write and read files by their names, in their order', async () => {
    const storage = memoryStorage()
    const all = documents(30)
    await writeDocuments(storage, 'set/b.jsonl', all.slice(10, 15))
    await writeDocuments(storage, 'set/c.parquet', all.slice(15))
    await writeDocuments(storage, 'set/a.jsonl.gz', all.slice(0, 10))
    await storage.write('other.txt', [new TextEncoder().encode('a text')])
    const read = async (files: string | string[]) => {
      const found: unknown[] = []
      for await (const record of readDocuments(storage, files))
        found.push('document' in record ? record.document : record)
      return found
    }
    expect(await read('set/')).toEqual(all)
    expect(await read(['set/c.parquet', 'set/b.jsonl'])).toEqual([...all.slice(15), ...all.slice(10, 15)])
    expect(await read('other')).toEqual([
      { id: 'other.txt', text: 'a text', metadata: { file_path: 'memory:/other.txt' } },
    ])
  })
  it('take documents only as the storage takes bytes, and leave nothing where documents fail', async () => {
    const storage = memoryStorage()
    let given = 0
    let ahead = 0
    const slow = {
      ...storage,
      async write(name: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
        for await (const piece of pieces) {
          ahead = Math.max(ahead, given)
          given = 0
          expect(piece.length).toBeGreaterThan(0)
        }
        return { name, bytes: 0 }
      },
    }
    await writeDocuments(
      slow,
      'x.jsonl',
      (function* () {
        for (const document of documents(6000)) {
          given++
          yield document
        }
      })(),
    )
    expect(ahead).toBeLessThan(3000)
    const failing = (function* () {
      yield* documents(3)
      throw new Error('no more')
    })()
    await expect(writeDocuments(storage, 'x.jsonl.gz', failing)).rejects.toThrow('no more')
    expect(await storage.list('')).toEqual([])
  })
  it('say which names they know', () => {
    expect(() => writeDocuments(memoryStorage(), 'x.csv', [])).toThrow(
      'writeDocuments: name: expected a name that ends in .jsonl, .jsonl.gz or .parquet, got x.csv. Give the file one of these endings.',
    )
    expect(() => readerFor('x.jsonl.zst')).toThrow(
      'readerFor: x.jsonl.zst: expected a name that ends in .warc, .wet, .warc.wet, .jsonl, .ndjson, .html, .htm, .xhtml, .txt, .text, .md, ' +
        'with or without .gz, or in .parquet, got a compression that is not read. Rename or convert the file, or take the reader of its format.',
    )
    expect(() => readerFor('x.csv')).toThrow('got another ending')
    const formats = ['a.warc.gz', 'a.warc.wet.gz', 'a.jsonl', 'a.parquet', 'a.htm.gz', 'a.txt'].map(
      (name) => readerFor(name).format,
    )
    expect(formats).toEqual(['warc', 'warc', 'jsonl', 'parquet', 'html', 'text'])
  })
  it('read true JSON Lines', async (context) => {
    const shared = process.env['ALMANAC_SHARED']
    const path = shared ? join(shared, 'data', 'HumanEval.jsonl.gz') : sharedData('HumanEval.jsonl.gz')
    if (!path || !existsSync(path)) return context.skip('needs ../shared/data/HumanEval.jsonl.gz (or ALMANAC_SHARED)')
    const records = await documentsOf(jsonlReader({ textKey: 'prompt', idKey: 'task_id' }), readFileSync(path))
    expect(records).toHaveLength(164)
    expect(records[0]).toHaveProperty('id', 'HumanEval/0')
    expect(records[0]).toHaveProperty('metadata.entry_point', 'has_close_elements')
  })
})
