import { gzipSync } from 'node:zlib'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../../src/data-filter-error.js'
import { parquetReader } from '../../src/io/index.js'
import { countingStorage } from './counting-storage.js'
import { brief, readAll } from './read-all.js'

const read = (file: Uint8Array, options = {}) => readAll(parquetReader(), file, options)
type Columns = Parameters<typeof parquetWriteBuffer>[0]['columnData']
const table = (columnData: Columns, options: object = {}): Uint8Array =>
  new Uint8Array(parquetWriteBuffer({ columnData, ...options }))
const texts = (count: number): Columns => [
  { name: 'text', data: Array.from({ length: count }, (_, i) => `text ${i} ${(i * 7919) % 1000}`) },
  { name: 'n', data: Array.from({ length: count }, (_, i) => i), type: 'INT32' },
]

describe('parquetReader', () => {
  it('reads columns by the rules of JSON Lines', async () => {
    const file = table([
      { name: 'text', data: ['one', 'two', null, ''], type: 'STRING' },
      { name: 'id', data: ['a', null, 'c', 'd'], type: 'STRING' },
      { name: 'metadata', data: ['{"url":"u","x":1}', 'no JSON', null, null], type: 'STRING' },
      { name: 'big', data: [1n, 2n ** 60n, 3n, 4n], type: 'INT64' },
      { name: 'date', data: [new Date(0), new Date(1e12), null, null], type: 'TIMESTAMP' },
      { name: 'score', data: [0.5, Number.NaN, 1, 2], type: 'DOUBLE' },
      { name: 'x', data: [true, false, true, false], type: 'BOOLEAN' },
    ])
    const file_path = 'memory:/file'
    const records = await read(file)
    expect(records.slice(0, 2)).toEqual([
      {
        document: {
          id: 'a',
          text: 'one',
          metadata: { file_path, url: 'u', x: true, big: 1, date: '1970-01-01T00:00:00.000Z', score: 0.5 },
        },
      },
      {
        document: {
          id: 'file/1',
          text: 'two',
          metadata: {
            file_path,
            metadata: 'no JSON',
            x: false,
            big: '1152921504606846976',
            date: '2001-09-09T01:46:40.000Z',
            score: null,
          },
        },
      },
    ])
    expect(records.slice(2).map(brief)).toEqual(['(empty)', '(empty)'])
    expect(records[2]).toHaveProperty('where', 'memory:/file, row 2')
  })
  it('takes other names, and passes over long texts', async () => {
    const file = table([
      { name: 'content', data: ['x'.repeat(20), '漢'.repeat(20)] },
      { name: 'key', data: ['a', 'b'] },
    ])
    const records = await readAll(parquetReader({ textKey: 'content', idKey: 'key' }), file, { maxRecordBytes: 50 })
    expect(records.map(brief)).toEqual(['x'.repeat(20), '(too-large)'])
    expect(records[1]).toHaveProperty('detail', '60 bytes, where 50 are read')
  })
  it('reads gzip, and any number of row groups from any row on', async () => {
    const count = 2500
    const compressors = { GZIP: (bytes: Uint8Array) => gzipSync(bytes) }
    for (const options of [
      { rowGroupSize: 1000 },
      { rowGroupSize: 100, codec: 'GZIP', compressors },
      { codec: 'UNCOMPRESSED' },
    ]) {
      const file = table(texts(count), options)
      const records = await read(file)
      expect(records).toHaveLength(count)
      expect(records[1234]).toHaveProperty('document.metadata.n', 1234)
      for (const skip of [1, 99, 100, 1000, 2499, 2500, 3000])
        expect(await read(file, { skip })).toEqual(records.slice(skip))
    }
  })
  it('reads a row group when its first row is wanted, and no others', async () => {
    const storage = countingStorage()
    const file = table(texts(40_000), { rowGroupSize: 10_000, codec: 'UNCOMPRESSED' })
    await storage.write('file', [file])
    expect(file.length).toBeGreaterThan(800_000)
    const records = parquetReader().read(storage, 'file', { skip: 20_000 })[Symbol.asyncIterator]()
    await records.next()
    // The footer, of which hyparquet guesses at half a MiB, and one group of four.
    expect(storage.counts.bytes).toBeLessThan(2 ** 19 + file.length / 3)
    await records.return?.()
    expect(storage.counts.open).toBe(0)
  })
  it('counts the rows of a part that cannot be read, and reads the others', async () => {
    const file = table(texts(300), { rowGroupSize: 100, codec: 'UNCOMPRESSED' })
    const at = Buffer.from(file).indexOf('text 100 ')
    // The length of a string in the second row group.
    file.fill(0xff, at - 4, at)
    const records = await read(file)
    expect(records).toHaveLength(300)
    expect(records.map((one, row) => [brief(one) === '(broken-file)', row >= 100 && row < 200])).toSatisfy(
      (pairs: [boolean, boolean][]) => pairs.every(([broken, expected]) => broken === expected),
    )
    expect(records[150]).toHaveProperty('where', 'memory:/file, row 150')
    for (const skip of [50, 150, 250]) expect(await read(file, { skip })).toEqual(records.slice(skip))
  })
  it('refuses files that are none', async () => {
    const file = table(texts(10))
    for (const bytes of [
      new Uint8Array(0),
      new Uint8Array(3),
      new Uint8Array(100),
      file.subarray(0, file.length - 1),
      file.subarray(8),
    ]) {
      const records = await read(bytes)
      expect(new Set(records.map(brief))).toEqual(new Set(['(broken-file)']))
    }
    const storage = countingStorage()
    const missing = parquetReader().read(storage, 'none')[Symbol.asyncIterator]()
    await expect(missing.next()).rejects.toThrow(StorageError)
    await expect(parquetReader().read(storage, 'none')[Symbol.asyncIterator]().next()).rejects.toThrow(
      'memory:/none: expected a file, got none of this name. See what list gives.',
    )
  })
})
