import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { jsonlReader } from '../../src/io/index.js'
import { brief, readAll } from './read-all.js'

const read = (file: string | Uint8Array, options = {}) => readAll(jsonlReader(), file, options)
const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('')

describe('jsonlReader', () => {
  it("reads datatrove's fields", async () => {
    const file = lines(
      { text: 'one', id: 'a', metadata: { url: 'u', n: 1 } },
      { text: 'two', metadata: '{"url": "v"}', language: 'en', media: [] },
      { text: 'three', id: 7, metadata: 'no JSON', url: 'w' },
      { text: 'four', metadata: [1], media: [{ type: 'image' }], file_path: 'elsewhere' },
      { text: 'five', id: null, metadata: { url: 'under' }, url: 'over', __proto__: 1 },
    )
    const file_path = 'memory:/file'
    expect(await read(file)).toEqual([
      { document: { text: 'one', id: 'a', metadata: { file_path, url: 'u', n: 1 } } },
      { document: { text: 'two', id: 'file/1', metadata: { file_path, url: 'v', language: 'en' } } },
      { document: { text: 'three', id: '7', metadata: { file_path, metadata: 'no JSON', url: 'w' } } },
      {
        document: {
          text: 'four',
          id: 'file/3',
          metadata: { file_path: 'elsewhere', metadata: [1], media: [{ type: 'image' }] },
        },
      },
      { document: { text: 'five', id: 'file/4', metadata: { file_path, url: 'over' } } },
    ])
  })
  it('keeps fields of any name as fields', async () => {
    const [record] = await read('{"text":"a","__proto__":{"x":1},"constructor":2}\n')
    const { metadata } = (record as { document: { metadata: object } }).document
    expect(Object.keys(metadata)).toEqual(['file_path', '__proto__', 'constructor'])
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype)
  })
  it('takes other names for the text and the id', async () => {
    const records = await readAll(
      jsonlReader({ textKey: 'content', idKey: 'sha' }),
      lines({ content: 'x', sha: 's', id: 1 }),
    )
    expect(records).toEqual([{ document: { text: 'x', id: 's', metadata: { file_path: 'memory:/file', id: 1 } } }])
  })
  it('counts lines that are none, with their numbers, and goes on', async () => {
    const file = Buffer.concat([
      Buffer.from(`${lines({ text: 'a' })}{"text": \n\n[1]\n3\nnull\n{"text":""}\n{"other":1}\n{"text":5}\n`),
      Buffer.from('{"text":"\xff"}\n', 'latin1'),
      Buffer.from(`{"text":"a\0b"}\n${lines({ text: 'b' }).replace('\n', '\r\n')}{"text":"no line end"}`),
    ])
    const records = await read(file)
    expect(records.map(brief)).toEqual([
      'a',
      ...[
        '(bad-json)',
        '(bad-json)',
        '(bad-record)',
        '(bad-record)',
        '(bad-record)',
        '(empty)',
        '(empty)',
        '(bad-record)',
      ],
      ...['(bad-charset)', '(bad-json)', 'b', 'no line end'],
    ])
    expect(records[1]).toHaveProperty('where', 'memory:/file, line 2')
    expect(records[2]).toHaveProperty('detail', 'an empty line')
    expect(records[3]).toHaveProperty('detail', 'expected an object, got a list')
    expect(records[7]).toHaveProperty('detail', 'no text in the field text; there are other')
    expect(records[8]).toHaveProperty('detail', 'expected a text in the field text, got a number')
    for (let skip = 0; skip <= records.length + 1; skip++)
      expect(await read(file, { skip })).toEqual(records.slice(skip))
  })
  it('passes over long lines, wherever pieces end', async () => {
    for (const length of [900, 1000, 1100, 70_000, 200_000]) {
      const long = lines({ text: 'x'.repeat(length) })
      const file = lines({ text: 'a' }) + long + lines({ text: 'b' }) + long.trimEnd()
      const limit = { maxRecordBytes: 1000 }
      const reason = long.length - 1 > 1000 ? '(too-large)' : 'x'.repeat(length)
      for (const bytes of [file, gzipSync(file)]) {
        expect((await read(bytes, limit)).map(brief)).toEqual(['a', reason, 'b', reason])
        expect((await read(bytes)).map(brief)).toEqual(['a', 'x'.repeat(length), 'b', 'x'.repeat(length)])
      }
    }
    expect((await read(lines({ text: 'x'.repeat(2000) }), { maxRecordBytes: 1000 }))[0]).toHaveProperty(
      'detail',
      '2011 bytes, where 1000 are read',
    )
  })
  it('reads gzip of several members, and goes on behind a broken one', async () => {
    const whole = Array.from({ length: 30 }, (_, i) => lines({ text: `text ${i}` })).join('')
    const texts = Array.from({ length: 30 }, (_, i) => `text ${i}`)
    const cut = [0, 100, 101, 350, whole.length].map((at, i, all) => gzipSync(whole.slice(at, all[i + 1])))
    expect((await read(Buffer.concat(cut))).map(brief)).toEqual(texts)

    const [a, b, c] = [0, 10, 20].map((i) => gzipSync(lines(...texts.slice(i, i + 10).map((text) => ({ text })))))
    const flipped = Buffer.from(b as Buffer)
    flipped[14] = (flipped[14] as number) ^ 0xff
    const records = await read(Buffer.concat([a as Buffer, flipped, c as Buffer]))
    const found = records.map(brief)
    expect(found.slice(0, 10)).toEqual(texts.slice(0, 10))
    expect(found.filter((one) => one === '(broken-file)')).toHaveLength(1)
    expect(found.slice(-10)).toEqual(texts.slice(20))
    expect(records.find((one) => 'skipped' in one && one.skipped === 'broken-file')).toHaveProperty(
      'detail',
      expect.stringMatching(new RegExp(`^a gzip member .*, at byte ${(a as Buffer).length}$`)),
    )
  })
  it('stops nothing for a bomb', async () => {
    const bomb = gzipSync(
      Buffer.concat([
        Buffer.from(lines({ text: 'a' })),
        Buffer.alloc(40e6, ' '),
        Buffer.from(`\n${lines({ text: 'b' })}`),
      ]),
    )
    expect((await read(bomb)).map(brief)).toEqual(['a', '(too-large)', 'b'])
  })
})
