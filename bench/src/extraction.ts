// Main text from web pages: pages and megabytes of HTML a second on the 91 pages of the article extraction benchmark that lie in the
// shared data (../shared/data/web-pages, or under ALMANAC_SHARED), with each extractor: in this thread, and in pools of one thread
// and two (--threads), in turns. A round reads every page once; the first, in which functions are compiled, is not counted.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createExtractionPool, type ExtractorName, extractDocument } from '@almanac/data-filter/html'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const EXTRACTORS: readonly ExtractorName[] = ['readability', 'density']

const options = benchOptions()
const threads = options.threads ?? [1, 2]
const rounds = options.rounds ?? 5
const report = startReport('extraction', options)
// The build lies in bench/dist.
const folder = join(process.env['ALMANAC_SHARED'] ?? join(import.meta.dirname, '../../../shared'), 'data', 'web-pages')

interface System {
  readonly name: string
  turn(): Promise<Record<string, number>>
  close(): Promise<void>
}

async function main(): Promise<void> {
  if (!existsSync(folder))
    return report.note('skipped: there is no ../shared/data/web-pages; ALMANAC_SHARED may name shared/')
  const files = readdirSync(folder).filter((file) => file.endsWith('.html.gz'))
  const pages = files.map((file) => ({ html: gunzipSync(readFileSync(join(folder, file))).toString('utf8') }))
  const megabytes = pages.reduce((sum, { html }) => sum + Buffer.byteLength(html), 0) / 1e6

  for (const extractor of EXTRACTORS) {
    const systems = [
      inThisThread(pages, extractor),
      ...(await Promise.all(threads.map((count) => inPool(pages, extractor, count)))),
    ]
    for (const { turn } of systems) await turn()
    const taken = await inTurns(systems, rounds)
    for (const { name, close } of systems) {
      await close()
      const { seconds, texts } = taken.of(name) as { seconds: number; texts: number }
      report.row('Main text of web pages', {
        extractor,
        where: name,
        pages: pages.length,
        texts,
        pagesPerSecond: roundTo(pages.length / seconds, 1),
        megabytesPerSecond: roundTo(megabytes / seconds, 2),
      })
    }
  }
  report.finish()
}

function inThisThread(pages: readonly { html: string }[], extractor: ExtractorName): System {
  return {
    name: 'this thread',
    async turn() {
      const begin = performance.now()
      const texts = pages.filter(({ html }) => extractDocument(html, { extractor }).outcome === 'text').length
      return { seconds: (performance.now() - begin) / 1000, texts }
    },
    close: async () => {},
  }
}

async function inPool(pages: readonly { html: string }[], extractor: ExtractorName, count: number): Promise<System> {
  // A page that a busy machine holds up for a second is slow here, not lost.
  const pool = await createExtractionPool({ extractor, threads: count, timeoutMs: 60_000 })
  return {
    name: `pool of ${count}`,
    async turn() {
      const begin = performance.now()
      let texts = 0
      for await (const { outcome } of pool.extractAll(pages)) if (outcome === 'text') texts++
      return { seconds: (performance.now() - begin) / 1000, texts }
    },
    close: () => pool.close(),
  }
}

await main()
