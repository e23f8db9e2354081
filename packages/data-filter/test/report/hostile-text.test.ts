import { launchChromium } from '@almanac/test-kit/chromium'
import { parseHTML } from 'linkedom'
import { expect, test } from 'vitest'
import type { Rule } from '../../src/index.js'
import { NO_COUNTS, type RunSummary, type StageCounts } from '../../src/pipeline/index.js'
import { filterReport, filterTable } from '../../src/report/index.js'

const HOSTILE = [
  `</title></style></svg></desc></details></div><script>document.title = 'taken'</script>`,
  `<img src="https://outside.example/x.png" onerror="document.title = 'taken'">`,
  `"' onmouseover='alert(1)' style="position:fixed`,
  '<!-- -->]]><![CDATA[ &lt; &#60; &amp;',
  '</pre></p></article><base href="https://outside.example/"><meta http-equiv="refresh" content="0">',
]

/** A run whose every text is given. */
function reportOf(text: string): { summary: RunSummary; filters: { name: string; rules: Rule[] }[] } {
  const rules: Rule[] = [{ statistic: `s${text}`, drops: '>', than: 0.3, reason: `r${text}` }]
  const key = `f${text}/r${text}`
  const amount = { documents: 1, characters: 9 }
  const examples = [{ order: 1, id: `id${text}`, text }]
  const filter: StageCounts = {
    ...NO_COUNTS,
    records: 4,
    input: { documents: 3, characters: 27 },
    kept: amount,
    skipped: { [`skip${text}`]: 1 },
    dropped: { [key]: amount, [`other${text}/why${text}`]: amount },
    broken: { [key]: 1 },
    statistics: { [`f${text}/s${text}`]: { 1: 2, 40: 1 }, [`stray${text}`]: { 3: 1 } },
    examples: { [key]: examples, kept: [{ order: 1, id: 'k', url: `javascript:${text}`, text }] },
  }
  return { summary: { filter, finish: NO_COUNTS }, filters: [{ name: `f${text}`, rules }] }
}

const htmlOf = (text: string): string => {
  const { summary, filters } = reportOf(text)
  return filterReport({ title: `t${text}`, summary, filters, lastFilters: [], facts: [[`n${text}`, `v${text}`]] })
}

/** All elements and their attributes, but for what stands in them. */
const shapeOf = (html: string): string[] =>
  [...parseHTML(html).document.querySelectorAll('*')].map(
    (element) => `${element.tagName} ${[...element.attributes].map(({ name }) => name).join(' ')}`,
  )

test.for(HOSTILE)('%s stays text', (text) => {
  const html = htmlOf(text)
  expect(shapeOf(html)).toEqual(shapeOf(htmlOf('harmless')))
  const { document } = parseHTML(html)
  const texts = [...document.querySelectorAll('.text')].map((one) => one.textContent)
  expect(texts).toEqual([text, text])
  expect(document.querySelector('h1')?.textContent).toBe(`t${text}`)
  expect(document.querySelector('dd')?.textContent).toBe(`v${text}`)
  expect(document.querySelector('.source')?.textContent).toBe(`javascript:${text}`)
  expect(document.querySelector('figure code')?.textContent).toBe(`s${text}`)
})

test('characters that are not seen are named', () => {
  const text = 'exe.\u202egnp\u202c \u0000\u001b[31m\u200b\ud800 \u2066a\u2069\n\tline'
  const { document } = parseHTML(htmlOf(text))
  const [shown] = [...document.querySelectorAll('.text')]
  expect(shown?.textContent).toBe('exe.U+202EgnpU+202C U+0000U+001B[31mU+200BU+D800 U+2066aU+2069\n\tline')
  expect([...(shown?.querySelectorAll('.unseen') ?? [])].map((one) => one.textContent)).toEqual([
    'U+202E',
    'U+202C',
    'U+0000',
    'U+001B',
    'U+200B',
    'U+D800',
    'U+2066',
    'U+2069',
  ])
  expect(document.querySelector('h1')?.textContent).toBe(
    'texe.<U+202E>gnp<U+202C> <U+0000><U+001B>[31m<U+200B><U+D800> <U+2066>a<U+2069><U+000A><U+0009>line',
  )
})

test('what writing needs is left: joiners of Persian and of emoji', () => {
  const text = 'می\u200cخواهم 👩\u200d💻'
  expect(parseHTML(htmlOf(text)).document.querySelector('.text')?.textContent).toBe(text)
})

test('an example that was cut says so, and does not end in half a character', () => {
  const [whole, cut] = ['a'.repeat(499), `${'a'.repeat(499)}\ud83d`]
  expect(parseHTML(htmlOf(whole)).document.querySelector('.text')?.textContent).toBe(whole)
  expect(parseHTML(htmlOf(cut)).document.querySelector('.text')?.textContent).toBe(`${whole}…`)
})

test('no text steers a terminal', () => {
  const { summary, filters } = reportOf('\u001b[2J\u001b]0;taken\u0007\r\n\u202e')
  const table = filterTable(summary, filters, [])
  expect(table).not.toMatch(/[^\P{C}\n]/u)
  expect(table).toContain('skip<U+001B>[2J')
})

test('in a browser nothing runs, nothing is loaded, and a narrow screen has room', { timeout: 60_000 }, async () => {
  const browser = await launchChromium()
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: { width: 360, height: 740 }, colorScheme })
      const problems: string[] = []
      page.on('console', (message) => problems.push(message.text()))
      page.on('pageerror', (error) => problems.push(error.message))
      page.on('request', (request) => problems.push(request.url()))
      await page.setContent(htmlOf(HOSTILE.join(' ')), { waitUntil: 'load' })
      expect(await page.title()).toContain('<script>')
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
      expect(await page.getByRole('table').count()).toBe(2)
      expect(await page.getByRole('img').count()).toBe(2)
      expect(await page.evaluate(() => document.querySelectorAll('script, img, iframe, base, link').length)).toBe(0)
      expect(problems).toEqual([])
      await page.close()
    }
  } finally {
    await browser.close()
  }
})
