import { describe, expect, it } from 'vitest'
import { type ExtractorName, extractDocument } from '../../src/html/index.js'
import { benchmarkScore, type PageScore, pageScore } from './shingle-score.js'
import { NO_PAGES, webPages } from './web-pages.js'

const pages = webPages()

/** Scores, and one line in the log: all pages, those that rules were chosen on (even places) and those held out (odd). */
function scoreOf(extractor: ExtractorName) {
  const begin = performance.now()
  const outcomes = (pages ?? []).map(({ html, url }) => extractDocument(html, { url, extractor }))
  const seconds = (performance.now() - begin) / 1000
  const scores = outcomes.map((found, i) =>
    pageScore(pages?.[i]?.truth ?? '', found.outcome === 'text' ? found.text : ''),
  )
  const line = (name: string, some: readonly PageScore[]) => {
    const { precision, recall, f1 } = benchmarkScore(some)
    return `${name} P ${precision.toFixed(4)} R ${recall.toFixed(4)} F1 ${f1.toFixed(4)}`
  }
  const half = (odd: number) => scores.filter((_, i) => i % 2 === odd)
  console.log(
    `${extractor}: ${scores.length} pages: ${line('all', scores)}; ${line('even', half(0))}; ${line('odd', half(1))}; ` +
      `${(scores.length / seconds).toFixed(1)} pages/s`,
  )
  return { outcomes, all: benchmarkScore(scores), heldOut: benchmarkScore(half(1)) }
}

describe('scrapinghub/article-extraction-benchmark', () => {
  // Readability.js 0.6.0 has .947 and trafilatura 2.0 .958 on its 181 pages.
  it('finds the articles with Readability', (context) => {
    if (!pages) return context.skip(NO_PAGES)
    const { outcomes, all, heldOut } = scoreOf('readability')
    expect(outcomes.every(({ outcome }) => outcome === 'text')).toBe(true)
    expect(all.f1).toBeGreaterThan(0.97)
    expect(heldOut.f1).toBeGreaterThan(0.97)
  })
  it('finds most of them by text density', (context) => {
    if (!pages) return context.skip(NO_PAGES)
    const { all, heldOut } = scoreOf('density')
    expect(all.f1).toBeGreaterThan(0.89)
    expect(heldOut.f1).toBeGreaterThan(0.89)
  })
})
