import { OptionError } from '../data-filter-error.js'
import { checkedOptions, type ExtractOptions } from './extract-document.js'
import { type ExtractionLane, extractionLane } from './node-extraction-lane.js'
import { exceedsBytes } from './page-size.js'
import type { PooledExtraction, PooledOutcome } from './pooled-extraction.js'

export interface ExtractionPoolOptions extends Omit<ExtractOptions, 'url'> {
  /** Worker threads; 1 unless given. */
  readonly threads?: number
  /** Milliseconds that a page may take, 1000 unless given: then its worker is ended and replaced. */
  readonly timeoutMs?: number
  /**
   * MiB of JavaScript objects that a worker may hold, 512 unless given; a page that needs more breaks its worker. The pages that
   * `maxBytes` and MAX_NODES let through need less; with less memory than that, V8 may end the whole process instead of the worker
   * (where it runs out within a regular expression, say).
   */
  readonly memoryMb?: number
  /**
   * Address of the module that the workers import, with an export `serveExtraction`: this package's own build unless given. A program
   * that is bundled into one file, or that runs from TypeScript sources, must name a built one.
   */
  readonly entry?: string | URL
}

export interface PageToExtract {
  readonly html: string
  readonly url?: string
}

export interface ExtractionPool {
  /** Waits its turn; never rejects for what a page does. */
  extract(page: PageToExtract): Promise<PooledExtraction>
  /**
   * Results in the order of the pages. Pages are taken from the source only as results are taken: at most two for each thread are on
   * their way, so that a slow reader or a slow page holds the source back.
   */
  extractAll(pages: Iterable<PageToExtract> | AsyncIterable<PageToExtract>): AsyncGenerator<PooledExtraction, void>
  /** Pages by what became of them, so far. */
  counts(): Readonly<Record<PooledOutcome, number>>
  /** Waits for the pages that were given, then ends the workers. */
  close(): Promise<void>
}

const PAGES_AHEAD = 2

/**
 * Extraction in worker threads, where no page can hang or break the program: one that takes too long or too much memory is counted, its
 * worker is ended and replaced, and the next page goes on. Node only. Throws OptionError: at once for options that are none, and where
 * no worker can be started.
 */
export async function createExtractionPool(options: ExtractionPoolOptions = {}): Promise<ExtractionPool> {
  const { extractor, maxBytes } = checkedOptions(options)
  const threads = atLeastOne('threads', options.threads ?? 1)
  const lanes = Array.from({ length: threads }, () =>
    extractionLane({
      data: { entry: String(options.entry ?? ownBuild()), extractor, maxBytes },
      timeoutMs: atLeastOne('timeoutMs', options.timeoutMs ?? 1000),
      memoryMb: atLeastOne('memoryMb', options.memoryMb ?? 512),
    }),
  )
  const started = await Promise.allSettled(lanes.map((lane) => lane.ready()))
  const failed = started.find((result) => result.status === 'rejected')
  if (failed) {
    await Promise.all(lanes.map((lane) => lane.close()))
    throw failed.reason
  }

  const idle: ExtractionLane[] = [...lanes]
  const waiting: ((lane: ExtractionLane) => void)[] = []
  const running = new Set<Promise<unknown>>()
  const counts: Record<PooledOutcome, number> = {
    text: 0,
    empty: 0,
    'too-large': 0,
    'too-deep': 0,
    error: 0,
    timeout: 0,
    'broken-worker': 0,
  }
  let closed = false

  const runOne = async ({ html, url = '' }: PageToExtract): Promise<PooledExtraction> => {
    // Seen here, since a copy for the worker would already cost what the limit is there to save.
    if (exceedsBytes(html, maxBytes)) return { outcome: 'too-large', reason: `more than ${maxBytes} bytes` }
    const lane = idle.pop() ?? (await new Promise<ExtractionLane>((resolve) => waiting.push(resolve)))
    try {
      return await lane.run(html, url)
    } finally {
      const next = waiting.shift()
      if (next) next(lane)
      else idle.push(lane)
    }
  }

  const extract = async (page: PageToExtract): Promise<PooledExtraction> => {
    if (closed) throw new OptionError('extract', 'an open pool', 'a closed one', 'Close it after the last page.')
    const job = runOne(page)
    running.add(job)
    try {
      const extraction = await job
      counts[extraction.outcome]++
      return extraction
    } finally {
      running.delete(job)
    }
  }

  return {
    extract,
    async *extractAll(pages) {
      const ahead: Promise<PooledExtraction>[] = []
      try {
        for await (const page of pages) {
          const job = extract(page)
          // It is awaited in its turn; until then a failure to start a worker must not end the process.
          job.catch(() => {})
          ahead.push(job)
          if (ahead.length >= PAGES_AHEAD * threads) yield (await ahead.shift()) as PooledExtraction
        }
        while (ahead.length > 0) yield (await ahead.shift()) as PooledExtraction
      } finally {
        await Promise.allSettled(ahead)
      }
    },
    counts: () => ({ ...counts }),
    async close() {
      closed = true
      await Promise.allSettled(running)
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

function atLeastOne(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value
  throw new OptionError(
    `createExtractionPool: ${name}`,
    'a whole number of at least 1',
    String(value),
    'Leave it out for the default.',
  )
}

/** In the build all modules lie in one folder, beside the entry of the export path ./html. */
function ownBuild(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./html.js', import.meta.url)
  throw new OptionError(
    'createExtractionPool: entry',
    'a built module for the workers, since these are TypeScript sources',
    'none',
    "Give the address of a bundle of '@almanac/data-filter/html'.",
  )
}
