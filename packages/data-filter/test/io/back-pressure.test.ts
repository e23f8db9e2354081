import { gzipSync } from 'node:zlib'
import { seededRandom } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'
import { jsonlReader, readDocuments, warcReader } from '../../src/io/index.js'
import { countingStorage } from './counting-storage.js'
import { warcFile } from './warc-file.js'

const random = seededRandom(3)
/** Text that gzip cannot make much smaller, so that files have many pieces. */
const noise = (length: number): string =>
  Array.from({ length: length / 6 }, () => random.integer(2 ** 31).toString(36)).join(' ')
const lines = (count: number): string =>
  Array.from({ length: count }, () => `${JSON.stringify({ text: noise(3000) })}\n`).join('')

describe('readers', () => {
  it('read a file only as its records are taken, and close it when the taker goes', async () => {
    const pages = Array.from({ length: 600 }, () => ({ body: `<html>${noise(3000)}` }))
    const plain = lines(600)
    const files: [string, Uint8Array][] = [
      ['a.jsonl', new TextEncoder().encode(plain)],
      ['a.jsonl.gz', gzipSync(plain)],
      ['a.warc.gz', await warcFile(pages, true)],
      ['a.warc', await warcFile(pages, false)],
    ]
    for (const [name, bytes] of files) {
      expect(bytes.length).toBeGreaterThan(1_000_000)
      const storage = countingStorage()
      await storage.write(name, [bytes])
      let taken = 0
      for await (const _ of readDocuments(storage, [name])) {
        taken++
        // Records of a size, so that their share of the file is known; pieces have 64 KiB, two at most are ahead.
        const share = (taken / 600) * bytes.length
        expect([name, storage.counts.bytes < share + 3 * 65536]).toEqual([name, true])
        if (taken === 200) break
      }
      expect(storage.counts.open).toBe(0)
    }
  })
  it('open one file after the other', async () => {
    const storage = countingStorage()
    for (const name of ['a', 'b', 'c'])
      await storage.write(`${name}.jsonl`, [new TextEncoder().encode(`{"text":"${name}"}\n`)])
    const found: string[] = []
    for await (const record of readDocuments(storage, '')) {
      found.push('document' in record ? record.document.text : record.skipped)
      expect(storage.counts.open).toBe(1)
    }
    expect(found).toEqual(['a', 'b', 'c'])
  })
  it('pass on what the storage throws', async () => {
    for (const reader of [jsonlReader(), warcReader()]) {
      const storage = countingStorage()
      await storage.write('x.gz', [gzipSync('x'.repeat(100))])
      let calls = 0
      const failing = {
        ...storage,
        async *read(...args: Parameters<typeof storage.read>) {
          yield* storage.read(args[0], { start: 0, end: 20 })
          if (calls++ >= 0) throw new Error('the network is down')
        },
      }
      const records = reader.read(failing, 'x.gz')[Symbol.asyncIterator]()
      await expect(records.next()).rejects.toThrow('the network is down')
    }
  })
})
