import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../../src/data-filter-error.js'
import { htmlReader, textReader } from '../../src/io/index.js'
import { brief, readAll } from './read-all.js'

describe('textReader and htmlReader', () => {
  it('give a file as a document', async () => {
    expect(await readAll(textReader(), 'A text.\n')).toEqual([
      { document: { id: 'file', text: 'A text.\n', metadata: { file_path: 'memory:/file' } } },
    ])
    expect(await readAll(htmlReader(), '<p>x', {}, 'a/b.html')).toEqual([
      {
        document: {
          id: 'a/b.html',
          text: '<p>x',
          metadata: { file_path: 'memory:/a/b.html', content_type: 'text/html' },
        },
      },
    ])
    expect((await readAll(htmlReader(), gzipSync('<p>x'), {}, 'b.html.gz')).map(brief)).toEqual(['<p>x'])
    expect(await readAll(textReader(), 'A text.\n', { skip: 1 })).toEqual([])
    const page = '<meta charset="windows-1251"><p>Привет'
    expect((await readAll(htmlReader(), Uint8Array.from(iconv.encode(page, 'windows-1251')))).map(brief)).toEqual([
      page,
    ])
  })
  it('say why there is none', async () => {
    const reasonOf = async (bytes: Uint8Array | string, options = {}, name = 'file') =>
      (await readAll(textReader(), bytes, options, name)).map(brief)
    expect(await reasonOf('')).toEqual(['(empty)'])
    expect(await reasonOf(' \n')).toEqual(['(empty)'])
    expect(await reasonOf('x'.repeat(1001), { maxRecordBytes: 1000 })).toEqual(['(too-large)'])
    expect(await reasonOf(gzipSync('x'.repeat(1001)), { maxRecordBytes: 1000 })).toEqual(['(too-large)'])
    expect(await reasonOf(gzipSync('some text').subarray(0, 15))).toEqual(['(broken-file)'])
    expect(await reasonOf('no gzip', {}, 'x.txt.gz')).toEqual(['(broken-file)'])
    expect(await reasonOf(Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919 * (i + 13)) % 256))).toEqual([
      '(bad-charset)',
    ])
  })
  it('throw where there is no file', async () => {
    await expect(
      readAll(textReader(), 'x', {}, 'a').then(() => textReader().read(missing, 'b')[Symbol.asyncIterator]().next()),
    ).rejects.toThrow(StorageError)
  })
})

const missing = (await import('../../src/memory-storage.js')).memoryStorage()
