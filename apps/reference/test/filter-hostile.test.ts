import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { prose } from './made-prose.js'
import { runAlmanac, temporaryFolder } from './run-almanac.js'

/** What no record, page or text may make the command take, in MiB: two threads, each with an extraction worker and a table of languages. */
const PEAK_MIB = 640
const MiB = 2 ** 20

function warcRecord(id: number, body: string | Buffer, headers: readonly string[] = []): Buffer {
  const http = Buffer.concat([
    Buffer.from(['HTTP/1.1 200 OK', 'Content-Type: text/html', ...headers].join('\r\n')),
    Buffer.from('\r\n\r\n'),
    Buffer.from(body),
  ])
  const head = [
    'WARC/1.0',
    'WARC-Type: response',
    `WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-${`${id}`.padStart(12, '0')}>`,
    `WARC-Target-URI: https://example.org/${id}`,
    'Content-Type: application/http; msgtype=response',
    `Content-Length: ${http.length}`,
  ]
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), http, Buffer.from('\r\n\r\n')])
}

const page = (text: string) => `<html><body><article><p>${text}</p></article></body></html>`

test('hostile files are counted and told of, and everything good beside them comes through', async () => {
  const folder = temporaryFolder()
  const inputs = join(folder, 'inputs')
  mkdirSync(inputs)
  const write = (name: string, ...parts: readonly (string | Buffer)[]) =>
    writeFileSync(join(inputs, name), Buffer.concat(parts.map((part) => Buffer.from(part))))
  const member = (id: number, ...rest: [string | Buffer, (readonly string[])?]) => gzipSync(warcRecord(id, ...rest))
  const cut = member(2, page(prose(2)))
  const spoilt = Buffer.from(member(3, page(prose(3))))
  spoilt.fill(0xff, 40, 60)
  write(
    'records.warc.gz',
    ...[member(1, page(prose(1))), cut.subarray(0, cut.length - 30), member(4, page(prose(4))), spoilt],
    member(5, gzipSync(Buffer.alloc(64 * MiB, 'a')), ['Content-Encoding: gzip']),
    member(6, `5\r\nhello\r\nZZ\r\nnonsense`, ['Transfer-Encoding: chunked']),
    member(7, '<div>'.repeat(100_000)),
    member(8, `<p>${'\0'.repeat(50_000)}</p>`),
    member(
      9,
      Buffer.concat([
        Buffer.from('<meta charset="shift_jis"><p>'),
        Buffer.from([0xff, 0xfe, 0x80, 0xa0]),
        Buffer.from('</p>'),
      ]),
    ),
    member(10, page('x'.repeat(20 * MiB))),
    member(11, page(prose(6))),
    gzipSync(warcRecord(12, page(prose(7))).subarray(0, 200)),
  )
  write(
    'bomb.jsonl.gz',
    gzipSync(Buffer.concat([Buffer.alloc(200 * MiB, 'a'), Buffer.from('\n')])),
    gzipSync(`${JSON.stringify({ text: prose(8), id: 'after-the-bomb' })}\n`),
  )
  write('noise.jsonl.gz', Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919 * (i % 251)) & 255)))
  write('noise.parquet', Buffer.from('PAR1'), Buffer.alloc(1000, 0xff), Buffer.from('PAR1'))
  const mail = `${'a@'.repeat(300_000)} ${'a.'.repeat(300_000)}@ ${'1.'.repeat(300_000)}`
  const lines = [mail, `${prose(9)} ${mail}`, '('.repeat(500_000), `${'[edit]'.repeat(100_000)}`, '\u202e\ud800']
  write('bombs.jsonl', lines.map((text, i) => `${JSON.stringify({ text, id: `bomb-${i}` })}\n`).join(''))

  let peak = 0
  const out = join(folder, 'out')
  const args = [
    'filter',
    inputs,
    '--out',
    out,
    '--keep-dropped',
    '--language-model',
    'eld-extrasmall',
    '--timeout',
    '30000',
  ]
  const { code, stderr } = await runAlmanac([...args, '--threads', '2'], (child) => {
    const timer = setInterval(() => {
      try {
        const kib = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1])
        if (kib > 0) peak = Math.max(peak, kib / 1024)
      } catch {
        // It has ended.
      }
    }, 50)
    child.on('close', () => clearInterval(timer))
  })
  expect(stderr).toContain('5/5 duplicates out')
  expect(code).toBe(0)
  const read = (where: string) =>
    readdirSync(join(out, where)).flatMap((name) =>
      gunzipSync(readFileSync(join(out, where, name)))
        .toString()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    )
  expect(
    read('documents')
      .map(({ id, metadata }) => metadata.url ?? id)
      .sort(),
  ).toEqual(['after-the-bomb', ...[1, 11, 4].map((id) => `https://example.org/${id}`)])
  const fileOf = (where: string) => where.replace(/^.*\/([^/,]+).*$/, '$1')
  expect(
    read('filter/skipped')
      .map((record) => `${fileOf(record.where)}: ${record.skipped}`)
      .sort(),
  ).toEqual([
    'bomb.jsonl.gz: too-large',
    'noise.jsonl.gz: broken-file',
    'noise.parquet: broken-file',
    'records.warc.gz: bad-body',
    'records.warc.gz: broken-file',
    'records.warc.gz: broken-file',
    'records.warc.gz: broken-file',
    'records.warc.gz: not-html',
    'records.warc.gz: too-large',
    'records.warc.gz: too-large',
  ])
  expect(
    read('filter/dropped')
      .map(({ id, metadata }) => `${metadata.url ?? id}: ${metadata.filter}/${metadata.filter_reason}`)
      .sort(),
  ).toEqual([
    'bomb-0: gopher-repetition/top_2_gram',
    'bomb-1: gopher-repetition/top_2_gram',
    'bomb-2: language/language_score',
    'bomb-3: language/language_score',
    'bomb-4: language/language_score',
    'https://example.org/7: extraction/too-deep',
    'https://example.org/9: language/language_score',
  ])
  if (process.platform === 'linux') expect(peak).toBeLessThan(PEAK_MIB)
}, 120_000)
