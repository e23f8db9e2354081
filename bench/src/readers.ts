// Reading files of documents, one thread: megabytes a second, counted as bytes of the pages' HTML, of the 91 pages of the article
// extraction benchmark that lie in the shared data (../shared/data/web-pages, or under ALMANAC_SHARED), several times over, as WARC,
// JSON Lines and Parquet in memory; in turns with the nearest naive ways: all bytes at once, zlib, split, JSON.parse; zlib alone.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { memoryStorage, type Reader } from '@almanac/data-filter'
import { jsonlReader, parquetReader, warcReader, writeDocuments } from '@almanac/data-filter/io'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const COPIES = 5

const options = benchOptions()
const rounds = options.rounds ?? 5
const report = startReport('readers', options)
// The build lies in bench/dist.
const folder = join(process.env['ALMANAC_SHARED'] ?? join(import.meta.dirname, '../../../shared'), 'data', 'web-pages')
const storage = memoryStorage()

async function main(): Promise<void> {
  if (!existsSync(folder))
    return report.note('skipped: there is no ../shared/data/web-pages; ALMANAC_SHARED may name shared/')
  const names = readdirSync(folder).filter((file) => file.endsWith('.html.gz'))
  const pages = names.map((file) => gunzipSync(readFileSync(join(folder, file))))
  const copies = Array.from({ length: COPIES }, () => pages).flat()
  const megabytes = copies.reduce((sum, { length }) => sum + length, 0) / 1e6

  const documents = copies.map((page, i) => ({
    id: String(i),
    text: page.toString('utf8'),
    metadata: { url: 'http://a.example/' },
  }))
  await storage.write('pages.warc', copies.map(warcRecord))
  await storage.write(
    'pages.warc.gz',
    copies.map((page) => gzipSync(warcRecord(page))),
  )
  for (const name of ['pages.jsonl', 'pages.jsonl.gz', 'pages.parquet']) await writeDocuments(storage, name, documents)

  const systems = [
    reading('pages.warc', warcReader()),
    reading('pages.warc.gz', warcReader()),
    reading('pages.jsonl', jsonlReader()),
    reading('pages.jsonl.gz', jsonlReader()),
    reading('pages.parquet', parquetReader()),
    { name: 'pages.jsonl.gz, all at once', turn: timed(naiveLines) },
    { name: 'pages.warc.gz, gunzip alone', turn: timed(async () => (await inflated('pages.warc.gz')).length) },
  ]
  for (const { turn } of systems) await turn()
  const taken = await inTurns(systems, rounds)
  for (const { name } of systems) {
    const { seconds } = taken.of(name) as { seconds: number }
    report.row('Reading documents', {
      file: name,
      pages: copies.length,
      megabytesPerSecond: roundTo(megabytes / seconds, 1),
    })
  }
  report.finish()
}

function warcRecord(page: Uint8Array): Uint8Array {
  const http = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n'
  const header =
    'WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:2aabeff2-67f5-4608-8466-e87c6296e2b6>\r\n' +
    'WARC-Date: 2024-05-18T01:58:10Z\r\nWARC-Target-URI: http://a.example/\r\nWARC-Identified-Payload-Type: text/html\r\n' +
    `Content-Length: ${http.length + page.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(header + http), page, Buffer.from('\r\n\r\n')])
}

const timed = (work: () => Promise<number>) => async () => {
  const begin = performance.now()
  const count = await work()
  return { seconds: (performance.now() - begin) / 1000, count }
}

function reading(name: string, reader: Reader) {
  return {
    name,
    turn: timed(async () => {
      let count = 0
      for await (const record of reader.read(storage, name)) if ('document' in record) count++
      return count
    }),
  }
}

async function inflated(name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of storage.read(name)) pieces.push(piece)
  return gunzipSync(Buffer.concat(pieces))
}

async function naiveLines(): Promise<number> {
  const lines = (await inflated('pages.jsonl.gz')).toString('utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown).length
}

await main()
