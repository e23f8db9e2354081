import { gzipSync } from 'node:zlib'
import { seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import {
  htmlReader,
  jsonlEncoder,
  jsonlReader,
  parquetEncoder,
  parquetReader,
  textReader,
  warcReader,
} from '../../src/io/index.js'
import type { Reader, ReadRecord } from '../../src/read-record.js'
import { readAll } from './read-all.js'
import { type RecordToWrite, warcFile } from './warc-file.js'

const REASONS = new Set([
  ...[
    'other-record',
    'not-html',
    'too-large',
    'bad-body',
    'bad-charset',
    'empty',
    'broken-file',
    'bad-json',
    'bad-record',
  ],
])
const MUTATIONS = 300
const random = seededRandom(20261127)

const documents = Array.from({ length: 20 }, (_, i) => ({
  id: `id ${i}`,
  text: `The text of document ${i}, with words. ${'And some more. '.repeat(i)}`,
  metadata: { url: `http://a.example/${i}`, n: i },
}))

async function parquet(): Promise<Uint8Array> {
  const encoder = parquetEncoder({ rowGroupBytes: 1000 })
  for (const document of documents) encoder.add(document)
  return encoder.finish()
}
async function jsonl(gzip: boolean): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for (let at = 0; at < documents.length; at += 5) {
    const encoder = jsonlEncoder({ gzip })
    for (const document of documents.slice(at, at + 5)) encoder.add(document)
    parts.push(await encoder.finish())
  }
  return Buffer.concat(parts)
}
const warc = (gzip: boolean) =>
  warcFile(
    documents.map(({ text }, i): RecordToWrite => {
      if (i % 4 === 1) return { type: 'metadata', body: text }
      const body = `<html><p>${text}`
      if (i % 4 === 2) return { body: gzipSync(body), http: { 'Content-Encoding': 'gzip' } }
      if (i % 4 === 3)
        return { body: `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`, http: { 'Transfer-Encoding': 'chunked' } }
      return { body }
    }),
    gzip,
  )

/** One to three places of a file changed: a bit or a byte, a piece cut out, put in, or doubled. */
function mutate(file: Uint8Array): Uint8Array {
  let bytes = file.slice()
  for (let changes = 1 + random.integer(3); changes > 0; changes--) {
    const at = random.integer(bytes.length)
    const size = 1 + random.integer(random.pick([4, 64, 1000]))
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)]
    switch (random.integer(6)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << random.integer(8))
        break
      case 1:
        bytes[at] = random.pick([0, 10, 0x7f, 0x80, 0xff])
        break
      case 2:
        bytes = Buffer.concat([head, tail.subarray(size)])
        break
      case 3:
        bytes = Buffer.concat([head, Uint8Array.from({ length: size }, () => random.integer(256)), tail])
        break
      case 4:
        bytes = Buffer.concat([head, tail.subarray(0, size), tail])
        break
      default:
        bytes = Buffer.from(head)
    }
    if (bytes.length === 0) break
  }
  return bytes
}

describe('files that were damaged', () => {
  it.each<[string, Reader, () => Promise<Uint8Array>]>([
    ['warc.gz', warcReader(), () => warc(true)],
    ['warc', warcReader(), () => warc(false)],
    ['jsonl', jsonlReader(), () => jsonl(false)],
    ['jsonl.gz', jsonlReader(), () => jsonl(true)],
    ['parquet', parquetReader(), parquet],
    ['html.gz', htmlReader(), async () => gzipSync('<html><p>A page with some words.')],
    ['txt', textReader(), async () => new TextEncoder().encode('Ein Text mit Wörtern.')],
  ])('throw nothing, end, and are the same after a skip: %s', async (_, reader, make) => {
    const file = await make()
    const whole = await readAll(reader, file)
    expect(whole.length).toBeGreaterThan(0)
    const seen = new Map<string, number>()
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(file)
      const records = await readAll(reader, bytes, { maxRecordBytes: 2 ** 20 })
      // More than what was in the file is only there where it was doubled; rows that a table claims have a limit of their own.
      if (reader.format !== 'parquet') expect(records.length).toBeLessThan(4 * whole.length + 20)
      for (const record of records) {
        const kind = reasonOf(record)
        seen.set(kind, (seen.get(kind) ?? 0) + 1)
      }
      const skip = random.integer(records.length + 1)
      if (i % 5 === 0)
        expect(await readAll(reader, bytes, { skip, maxRecordBytes: 2 ** 20 })).toEqual(records.slice(skip))
    }
    expect([...seen.keys()].filter((kind) => kind !== 'document' && !REASONS.has(kind))).toEqual([])
    // Most of what is in these files is still read.
    expect(seen.get('document')).toBeGreaterThan(MUTATIONS / 3)
  })
})

function reasonOf(record: ReadRecord): string {
  if ('document' in record) {
    expect(typeof record.document.text).toBe('string')
    expect(typeof record.document.id).toBe('string')
    return 'document'
  }
  expect(record.detail).toEqual(expect.any(String))
  expect(record.where).toContain('memory:/file')
  return record.skipped
}
