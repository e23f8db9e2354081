import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { bundleScript } from '@almanac/test-kit'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OptionError } from '../../src/data-filter-error.js'
import {
  createExtractionPool,
  type ExtractionPool,
  type ExtractionPoolOptions,
  extractDocument,
  type PageToExtract,
  type PooledExtraction,
} from '../../src/html/index.js'
import { HUNGRY } from './hungry-worker.js'

const folder = resolve(import.meta.dirname, '../..')
let entry: URL
let open: ExtractionPool[] = []
/** The workers that the pool of a test has started, in order: Node tells of each. */
let workers: Worker[] = []
const note = (worker: Worker) => void workers.push(worker)

beforeAll(async () => {
  entry = pathToFileURL(await bundleScript(folder, resolve(folder, 'src/html/index.ts'), ['canvas']))
})
beforeEach(() => {
  workers = []
  process.on('worker', note)
})
afterEach(async () => {
  process.off('worker', note)
  await Promise.all(open.map((pool) => pool.close()))
  open = []
})

async function newPool(options: ExtractionPoolOptions = {}): Promise<ExtractionPool> {
  // Long enough that a loaded machine ends no good page; tests of the limit set their own.
  const pool = await createExtractionPool({ entry, timeoutMs: 30_000, ...options })
  open.push(pool)
  return pool
}

/** An outcome, or the title of the page that was read: for messages of failed tests that can be read too. */
const brief = (extraction: PooledExtraction) =>
  extraction.outcome === 'text' ? (extraction.title ?? 'text') : `${extraction.outcome}: ${extraction.reason}`

async function all(pool: ExtractionPool, pages: Iterable<PageToExtract>): Promise<PooledExtraction[]> {
  const found: PooledExtraction[] = []
  for await (const extraction of pool.extractAll(pages)) found.push(extraction)
  return found
}

const good = (name: string, paragraphs = 8): PageToExtract => ({
  html: `<title>${name}</title>${`<p>A paragraph of the page ${name}, which has some words, and then some more of them.</p>`.repeat(paragraphs)}`,
})
/** Half a thousand elements inside one another, each with text: Readability reads all of it again for each of them, for many seconds. */
const slow: PageToExtract = {
  html: `<div>${'<p>A paragraph, which has some words, and then, of course, some more of them.</p>'.repeat(100)}`.repeat(
    500,
  ),
}
const none = { text: 0, empty: 0, 'too-large': 0, 'too-deep': 0, error: 0, timeout: 0, 'broken-worker': 0 }

describe('createExtractionPool', () => {
  it.each([1, 2, 3])('gives what extractDocument gives, in the order of the pages, on %i threads', async (threads) => {
    const pages = Array.from({ length: 40 }, (_, i) =>
      i % 7 === 3 ? { html: '' } : good(`p${i}`, 1 + ((i * 37) % 60)),
    )
    const pool = await newPool({ threads })
    expect(await all(pool, pages)).toEqual(pages.map(({ html }) => extractDocument(html)))
    expect(pool.counts()).toEqual({ ...none, text: 34, empty: 6 })
    expect(workers).toHaveLength(threads)
  })
  it('passes on the extractor, the limit and the address', async () => {
    const pool = await newPool({ extractor: 'density', maxBytes: 5000 })
    const page = good('one')
    expect(await pool.extract(page)).toEqual(extractDocument(page.html, { extractor: 'density' }))
    expect(await pool.extract(good('long', 100))).toEqual({ outcome: 'too-large', reason: 'more than 5000 bytes' })
    const readability = await newPool()
    const html = `${page.html}<h3><a href="http://a.example/#b">Heading</a></h3>${page.html}`
    for (const url of ['http://a.example/', 'http://b.example/']) {
      expect(await readability.extract({ html, url })).toEqual(extractDocument(html, { url }))
    }
  })
  it('ends a page that takes too long, and goes on with a new worker', async () => {
    const pool = await newPool({ timeoutMs: 1000, threads: 2 })
    const found = await all(pool, [good('a'), slow, good('b'), slow, slow, good('c')])
    const timeout = 'timeout: more than 1000 ms'
    expect(found.map(brief)).toEqual(['a', timeout, 'b', timeout, timeout, 'c'])
    expect(pool.counts()).toEqual({ ...none, text: 3, timeout: 3 })
  })
  it('ends a page that takes too much memory', async () => {
    const hungry = await bundleScript(folder, resolve(import.meta.dirname, 'hungry-worker.ts'), ['canvas'])
    const pool = await newPool({ memoryMb: 64, entry: pathToFileURL(hungry) })
    const found = await all(pool, [good('a'), { html: HUNGRY }, good('b')])
    expect(found.map(({ outcome }) => outcome)).toEqual(['text', 'broken-worker', 'text'])
    expect(found[1]).toHaveProperty('reason', expect.stringContaining('out of memory'))
    expect(workers).toHaveLength(2)
  })
  it('refuses 100 MB, a million elements and 100,000 nested ones without a new worker', async () => {
    const pool = await newPool()
    const found = await all(pool, [
      good('a'),
      { html: '<p>ten bytes '.repeat(8e6) },
      { html: '<i>a</i>'.repeat(1e6) },
      { html: '<div>'.repeat(100_000) },
      good('b'),
    ])
    expect(found.map(({ outcome }) => outcome)).toEqual(['text', 'too-large', 'too-large', 'too-deep', 'text'])
    expect(workers).toHaveLength(1)
  })
  it('counts the page of a worker that was killed, and loses and doubles none', async () => {
    const pool = await newPool({ threads: 2 })
    const victim = pool.extract(slow)
    const others = Array.from({ length: 10 }, (_, i) => pool.extract(good(`p${i}`)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    // The last worker that was started took the first page.
    await (workers[1] as Worker).terminate()
    expect(brief(await victim)).toBe('broken-worker: exit code 1')
    expect((await Promise.all(others)).map(brief)).toEqual(Array.from({ length: 10 }, (_, i) => `p${i}`))
    expect(pool.counts()).toEqual({ ...none, text: 10, 'broken-worker': 1 })
  })
  it("replaces a worker that was killed between pages, at no page's cost", async () => {
    const pool = await newPool()
    await pool.extract(good('a'))
    await (workers[0] as Worker).terminate()
    expect(await pool.extract(good('b'))).toEqual(extractDocument(good('b').html))
    expect(workers).toHaveLength(2)
    expect(pool.counts()).toEqual({ ...none, text: 2 })
  })
  it('rejects where no worker can be started any more, and goes on when one can', async () => {
    const module = join(mkdtempSync(join(tmpdir(), 'extraction-')), 'entry.mjs')
    const write = () => writeFileSync(module, `export { serveExtraction } from '${entry}'`)
    write()
    const pool = await newPool({ entry: pathToFileURL(module) })
    rmSync(module)
    await workers[0]?.terminate()
    await expect(pool.extract(good('a'))).rejects.toThrow(OptionError)
    await expect(all(pool, [good('b'), good('c'), good('d')])).rejects.toThrow('with which the worker ended')
    write()
    expect((await all(pool, [good('e'), good('f')])).map(brief)).toEqual(['e', 'f'])
    expect(pool.counts()).toEqual({ ...none, text: 2 })
    rmSync(dirname(module), { recursive: true })
  })
  it('takes an answer for late only if it is, however busy this thread was', async () => {
    const pool = await newPool({ timeoutMs: 400 })
    await pool.extract(good('a'))
    const job = pool.extract(good('b'))
    await new Promise((resolve) => setImmediate(resolve))
    for (const until = performance.now() + 1500; performance.now() < until; );
    expect(brief(await job)).toBe('b')
    expect(workers).toHaveLength(1)
  })
  it('takes pages only as results are taken', async () => {
    const pool = await newPool({ threads: 2 })
    let taken = 0
    const source = (function* () {
      for (; taken < 50; ) yield good(`p${taken++}`)
    })()
    const results = pool.extractAll(source)
    let given = 0
    for await (const extraction of results) {
      given++
      expect(extraction.outcome).toBe('text')
      expect(taken - given).toBeLessThan(4)
      if (given === 5) break
    }
    expect(taken).toBeLessThan(10)
    // The reader that went away leaves nothing behind, and the source is closed.
    expect(pool.counts().text).toBe(taken)
    expect(source.next().done).toBe(true)
  })
  it('passes on an error of the source', async () => {
    const pool = await newPool()
    const source = (function* () {
      yield good('a')
      throw new Error('the source broke')
    })()
    await expect(all(pool, source)).rejects.toThrow('the source broke')
  })
  it('closes after the pages that were given, and takes none afterwards', async () => {
    const pool = await newPool()
    const given = [pool.extract(good('a')), pool.extract(good('b')), pool.extract(good('c'))]
    await pool.close()
    expect((await Promise.all(given)).map(({ outcome }) => outcome)).toEqual(['text', 'text', 'text'])
    expect(workers[0]?.threadId).toBe(-1)
    await expect(pool.extract(good('d'))).rejects.toThrow(
      'extract: expected an open pool, got a closed one. Close it after the last page.',
    )
  })
  it('says which options are none', async () => {
    await expect(createExtractionPool({ entry, threads: 0 })).rejects.toThrow(
      'createExtractionPool: threads: expected a whole number of at least 1, got 0. Leave it out for the default.',
    )
    await expect(createExtractionPool({ entry, timeoutMs: 0.5 })).rejects.toThrow(
      'createExtractionPool: timeoutMs: expected',
    )
    await expect(createExtractionPool({ entry, memoryMb: -1 })).rejects.toThrow(
      'createExtractionPool: memoryMb: expected',
    )
    await expect(createExtractionPool({ entry, maxBytes: 0 })).rejects.toThrow('extractDocument: maxBytes: expected')
  })
  it('says what is wrong with an entry', async () => {
    await expect(
      createExtractionPool({ threads: 2, entry: 'data:text/javascript,export const other = 1' }),
    ).rejects.toThrow(
      'createExtractionPool: entry: expected a module with serveExtraction that a worker thread can import, got ' +
        'data:text/javascript,export const other = 1, with which the worker ended: TypeError: serveExtraction is not a function. ' +
        'Give the address of the built @almanac/data-filter/html, or of a bundle that exports its serveExtraction.',
    )
    await expect(createExtractionPool()).rejects.toThrow(
      'createExtractionPool: entry: expected a built module for the workers, since these are TypeScript sources, got none. ' +
        "Give the address of a bundle of '@almanac/data-filter/html'.",
    )
  })
})
