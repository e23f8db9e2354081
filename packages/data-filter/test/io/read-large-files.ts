// Runs in a process of its own: reads files of 100 MB records that are made while they are read, and writes down what came and what
// memory it took.
import { createGzip } from 'node:zlib'
import { htmlReader, jsonlReader, textReader, warcReader } from '../../src/io/index.js'
import type { Reader } from '../../src/read-record.js'
import type { Storage } from '../../src/storage.js'

const LARGE = 100_000_000
const PIECE = 100_000
const encoder = new TextEncoder()

/** Pieces that all differ, so that gzip has something to do; without line ends. */
function* large(): Generator<Uint8Array> {
  for (let done = 0; done < LARGE; done += PIECE) {
    yield encoder.encode(
      `<p>${done} `
        .padEnd(60, `some words ${done}`)
        .repeat(PIECE / 60 + 1)
        .slice(0, PIECE),
    )
  }
}
const record = (body: string, length = encoder.encode(body).length) =>
  `WARC/1.0\r\nWARC-Type: response\r\nWARC-Identified-Payload-Type: text/html\r\nContent-Length: ${length}\r\n\r\n${body}`
function* warc(): Generator<Uint8Array> {
  yield encoder.encode(`${record('<html>before')}\r\n\r\n${record('', LARGE)}`)
  yield* large()
  yield encoder.encode(`\r\n\r\n${record('<html>after')}\r\n\r\n`)
}
function* endlessHeader(): Generator<Uint8Array> {
  yield encoder.encode('WARC/1.0\r\nHeader: ')
  yield* large()
  yield encoder.encode(`\r\n\r\n${record('<html>after')}\r\n\r\n`)
}
function* lines(): Generator<Uint8Array> {
  yield encoder.encode('{"text":"before"}\n{"text":"')
  yield* large()
  yield encoder.encode('"}\n{"text":"after"}\n')
}
/** 100 MB of one letter are 100 kB of gzip. */
async function* bomb(): AsyncGenerator<Uint8Array> {
  const letters = new Uint8Array(PIECE).fill(97)
  const packed: Uint8Array[] = []
  for await (const piece of zipped(Array.from({ length: LARGE / PIECE }, () => letters))) packed.push(piece)
  const body = Buffer.concat(packed)
  const http = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n'
  yield encoder.encode(record('', http.length + body.length) + http)
  yield body
  yield encoder.encode(`\r\n\r\n${record('<html>after')}\r\n\r\n`)
}
async function* zipped(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: 1 })
  const source = pieces[Symbol.iterator]()
  const feed = (): void => {
    const { done, value } = source.next()
    if (done) gzip.end()
    else gzip.write(value, feed)
  }
  feed()
  yield* gzip
}

/** A storage whose files are made whenever they are read, whose sizes are found by making them. */
function madeStorage(make: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Storage {
  const refuse = async (): Promise<never> => {
    throw new Error('not here')
  }
  return {
    location: 'made:',
    list: refuse,
    write: refuse,
    create: refuse,
    remove: refuse,
    async size() {
      let size = 0
      for await (const piece of make()) size += piece.length
      return size
    },
    async *read(_, range) {
      let at = 0
      const { start = 0, end = Number.POSITIVE_INFINITY } = range ?? {}
      for await (const piece of make()) {
        const from = Math.max(0, start - at)
        const to = Math.min(piece.length, end - at)
        if (from < to) yield piece.subarray(from, to)
        at += piece.length
        if (at >= end) return
      }
    },
  }
}

const cases: readonly (readonly [string, Reader, () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>])[] = [
  ['warc', warcReader(), warc],
  ['warc.gz', warcReader(), () => zipped(warc())],
  ['warc with an endless header', warcReader(), endlessHeader],
  ['warc with a bomb', warcReader(), bomb],
  ['jsonl', jsonlReader(), lines],
  ['jsonl.gz', jsonlReader(), () => zipped(lines())],
  ['html', htmlReader(), large],
  ['html.gz', htmlReader(), () => zipped(large())],
  ['text', textReader(), large],
]
const results: Record<string, unknown>[] = []
const before = process.resourceUsage().maxRSS / 1024
for (const [name, reader, make] of cases) {
  const found: string[] = []
  for await (const one of reader.read(madeStorage(make), 'file')) {
    found.push('document' in one ? one.document.text : one.skipped)
  }
  results.push({ name, found, grownMb: Math.round(process.resourceUsage().maxRSS / 1024 - before) })
}
console.log(JSON.stringify(results))
