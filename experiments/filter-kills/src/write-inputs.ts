import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip, gzipSync } from 'node:zlib'
import { planDocuments } from './plan-documents.js'
import { varyText } from './vary-text.js'

export interface InputOptions {
  readonly folder: string
  readonly originals: readonly string[]
  readonly documents: number
  readonly files: number
  readonly seed: number
}

/** Writes a crawl: WARC files of response records, each a gzip member, as Common Crawl has them. */
export async function writeCrawl(options: InputOptions): Promise<number> {
  return writeFiles(options, '.warc.gz', (file, name) => {
    const stream = createWriteStream(name)
    return {
      async add(id, text) {
        if (!stream.write(gzipSync(warcRecord(`${file}-${id}`, text), { level: 3 }))) await once(stream, 'drain')
      },
      async end() {
        stream.end()
        await once(stream, 'finish')
      },
    }
  })
}

/** Writes texts as lines of gzipped JSON. */
export async function writeTexts(options: InputOptions): Promise<number> {
  return writeFiles(options, '.jsonl.gz', (file, name) => {
    const gzip = createGzip({ level: 1 })
    const stream = gzip.pipe(createWriteStream(name))
    return {
      async add(id, text) {
        const line = JSON.stringify({
          text,
          id: `${file}-${id}`,
          metadata: { url: `https://example.org/${file}/${id}` },
        })
        if (!gzip.write(`${line}\n`)) await once(gzip, 'drain')
      },
      async end() {
        gzip.end()
        await once(stream, 'finish')
      },
    }
  })
}

interface FileWriter {
  add(id: number, text: string): Promise<void>
  end(): Promise<void>
}

/** Returns the UTF-16 units that were written. */
async function writeFiles(
  { folder, originals, documents, files, seed }: InputOptions,
  ending: string,
  open: (file: number, name: string) => FileWriter,
): Promise<number> {
  mkdirSync(folder, { recursive: true })
  const plan = planDocuments(originals.length, documents, seed)
  let characters = 0
  for (let file = 0; file < files; file++) {
    const writer = open(file, join(folder, `${`${file}`.padStart(4, '0')}${ending}`))
    const [from, to] = [file, file + 1].map((i) => Math.floor((i * documents) / files)) as [number, number]
    for (let i = from; i < to; i++) {
      const { original, seed, share, again } = plan[i] as (typeof plan)[number]
      const varied = varyText(originals[original] as string, seed, share)
      const text = again === null ? varied : varyText(varied, again, 0.01)
      characters += text.length
      await writer.add(i, text)
    }
    await writer.end()
  }
  return characters
}

function warcRecord(id: string, html: string): Buffer {
  const body = Buffer.from(html)
  const http = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ])
  const uuid = `00000000-0000-4000-8000-${Buffer.from(id).toString('hex').padStart(12, '0').slice(-12)}`
  const head = [
    'WARC/1.0',
    'WARC-Type: response',
    `WARC-Record-ID: <urn:uuid:${uuid}>`,
    'WARC-Date: 2024-06-01T00:00:00Z',
    `WARC-Target-URI: https://example.org/${id}`,
    'Content-Type: application/http; msgtype=response',
    `Content-Length: ${http.length}`,
  ].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), http, Buffer.from('\r\n\r\n')])
}
