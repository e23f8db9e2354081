import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { words } from '@almanac/data-filter'
import { distinctHashes, FINEWEB_MINHASH, jaccardSimilarity, openMinhasher } from '@almanac/data-filter/minhash'
import { launchChromium } from '@almanac/test-kit/chromium'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PAGE_EXAMPLES } from '../src/filter-page/page-examples.js'
import { type ServedSite, serveSite } from '../src/serve-site.js'
import { BUILD_MS, testSite } from './support/test-site.js'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

let site: ServedSite
let browser: Browser
beforeAll(async () => {
  site = await serveSite((await testSite()).html, 0)
  browser = await launchChromium()
}, BUILD_MS + 30_000)
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

/** Counts what the page does with workers. */
const COUNT_WORKERS = `
  globalThis.workers = { made: 0, asked: [], ended: 0 }
  globalThis.Worker = class extends Worker {
    constructor(...options) { super(...options); workers.made++ }
    postMessage(request) { workers.asked.push(request.type); super.postMessage(request) }
    terminate() { workers.ended++; super.terminate() }
  }`

/** The page with its first verdict; what goes wrong in it, or asks another server, is pushed to `problems`. */
async function openPage(problems: string[] = [], width = 1280): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } })
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('request', (request) => request.url().startsWith(site.url) || problems.push(request.url()))
  await page.addInitScript(COUNT_WORKERS)
  await page.goto(`${site.url}/what-fineweb-keeps`)
  await says(page, 'Kept. Every rule of fineweb-2024-05 lets this text pass.')
  await page.getByText('Jaccard similarity').waitFor()
  return page
}

const verdict = (page: Page) => page.locator('.verdict').getByRole('status')
const says = (page: Page, text: string | RegExp) => verdict(page).filter({ hasText: text }).waitFor()
const example = (page: Page, name: string) => page.getByRole('radio', { name, exact: true })
const profile = (page: Page, name: string) => page.getByRole('radio', { name })
const paste = (page: Page, html: string) => page.getByRole('textbox', { name: 'HTML of the page' }).fill(html)
const text = (page: Page) => page.getByRole('region', { name: 'Extracted text' })
const rule = (page: Page, reason: string) => page.locator(`[data-rule="${reason}"]`)
const workers = (page: Page) =>
  page.evaluate('structuredClone(workers)') as Promise<{ made: number; asked: string[]; ended: number }>
const reads = async (page: Page) => (await page.locator('.reads').textContent()) ?? ''

test('a page that is pasted gets its text, a verdict with its reason, and one of each profile', async () => {
  const problems: string[] = []
  const page = await openPage(problems)
  expect(await text(page).textContent()).toContain('Long before there was a power station')
  expect(await text(page).textContent()).not.toContain('We value your privacy')
  expect(await text(page).getByRole('deletion').allTextContents()).toEqual([
    'By reading on you agree to our use of cookies.',
    'Share this',
  ])

  await example(page, 'Code').check()
  await says(page, 'Dropped by C4, “Curly bracket”. No other rule would drop it.')
  expect(await rule(page, 'curly_bracket').textContent()).toContain('drops it first')

  const pasted = PAGE_EXAMPLES.find(({ name }) => name === 'Repetition')?.html.replaceAll('Bay', 'Bight') ?? ''
  await paste(page, pasted)
  await says(page, 'Dropped by Gopher: repetition, “Repeated runs of five words”. 5 other rules would drop it, too.')
  expect(await page.locator('.rule.drops').count()).toBe(6)
  expect(await page.locator('.others').textContent()).toMatch(
    /^Also: Gopher: repetition, “Repeated runs of six words”, “Repeated runs of seven words”, /,
  )
  for (const { name } of PAGE_EXAMPLES) expect(await example(page, name).isChecked()).toBe(false)

  // The paper and the code differ in one threshold by ten.
  await example(page, 'Pull quote').check()
  await says(page, 'Dropped by FineWeb, “Characters in repeated lines”.')
  expect(await profile(page, 'paper: keeps it').count()).toBe(1)
  expect(await profile(page, 'fineweb-2024-05: drops it').isChecked()).toBe(true)
  expect(await profile(page, 'datatrove-0.10: drops it').count()).toBe(1)
  await profile(page, 'paper').check()
  await says(page, 'Kept. Every rule of paper lets this text pass.')

  await page.getByRole('combobox', { name: 'Extractor' }).selectOption('density')
  await text(page).getByText('The mill that ran on the moon').waitFor()
  expect(problems).toEqual([])
  await page.close()
})

test('a threshold that is moved is decided on from numbers: nothing is read again', async () => {
  const page = await openPage()
  const before = { ...(await workers(page)), reads: await reads(page) }
  expect(before.reads).toBe('Pages read so far: 1.')
  const slider = page.getByRole('slider', { name: 'Threshold of Words with a letter' })
  await slider.fill('0.95')
  await says(page, 'Dropped by Gopher: quality, “Words with a letter”. No other rule would drop it.')
  expect(await slider.getAttribute('aria-valuetext')).toMatch(/^drops below 0\.95; this text has 0\.8\d+$/)
  expect(await page.locator('.profiles input:checked + .card').textContent()).toContain('with your thresholds')

  // The numbers beside it are exact, and several may be moved.
  await page.getByRole('spinbutton', { name: 'Words, at least' }).fill('1000')
  await says(page, 'Dropped by Gopher: quality, “Words, at least”. 1 other rule would drop it, too.')
  await page.getByRole('spinbutton', { name: 'Words, at least' }).fill('')
  await says(page, 'Dropped by Gopher: quality, “Words, at least”. 1 other rule would drop it, too.')

  await page.getByRole('button', { name: 'Back to the thresholds of fineweb-2024-05' }).click()
  await says(page, 'Kept.')
  expect(await page.getByRole('spinbutton', { name: 'Words, at least' }).inputValue()).toBe('50')
  expect({ ...(await workers(page)), reads: await reads(page) }).toEqual(before)
  await page.close()
})

test('empty and hostile pages get a plain message, one that takes too long is ended, and the next is read', async () => {
  const problems: string[] = []
  const page = await openPage(problems)
  await paste(page, '')
  await says(page, 'There is no page yet. Paste the HTML of one, or pick an example.')
  expect(await profile(page, 'paper: no verdict').count()).toBe(1)
  await paste(page, '<div>'.repeat(200_000))
  await says(page, 'The page was refused before it was read: it has more than 2048 elements inside one another.')
  await paste(page, `<p>${'\0'.repeat(10_000)}</p>`)
  await says(page, 'The extractor found no main content in this page.')

  // Readability reads all of it again for each depth: about ten seconds on a quiet machine of 2026.
  const group = `<div>${'<p>A paragraph, which has some words, and then, of course, some more of them.</p>'.repeat(100)}`
  const { ended } = await workers(page)
  await paste(page, group.repeat(450))
  await verdict(page).filter({ hasText: 'Reading' }).or(page.locator('.verdict[aria-busy="true"]')).first().waitFor()
  // The page answers its reader meanwhile.
  await page.getByRole('button', { name: 'Rendered' }).click()
  await page.getByRole('button', { name: 'Source' }).click()
  await says(page, 'This takes longer than 4 seconds, so it was stopped.')
  expect((await workers(page)).ended).toBe(ended + 1)
  await example(page, 'Lorem ipsum').check()
  await says(page, 'Dropped by C4, “Lorem ipsum”.')
  expect(problems).toEqual([])
  await page.close()
})

test('the page is laid out without its scripts, and nobody is asked for its pictures', async () => {
  const asked: string[] = []
  const elsewhere = createServer(({ url = '' }, response) => {
    asked.push(url)
    response.end()
  })
  await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening))
  const outside = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
  const page = await openPage()
  await paste(
    page,
    `<base href="${outside}"><link rel="stylesheet" href="${outside}/a.css"><meta http-equiv="refresh" content="0;url=${outside}">
    <style>@import "${outside}/c.css"; article { background: url(${outside}/d.png) }</style>
    <script>parent.document.title = 'taken'</script><iframe src="${outside}"></iframe>
    <article onclick="alert(1)" style="border-image: url(${outside}/e.png)"><img src="${outside}/b.png" onerror="parent.document.title = 'taken'">
    <a href="${outside}">${'<p>A paragraph of the page, which has some words, and then some more of them.</p>'.repeat(9)}</a></article>`,
  )
  await says(page, /^Dropped by/)
  await page.getByRole('button', { name: 'Rendered' }).click()
  const frame = page.locator('iframe.pane')
  expect(await frame.getAttribute('sandbox')).toBe('')
  const inside = frame.contentFrame()
  await inside.getByText('A paragraph of the page').first().click()
  expect(await inside.locator('script, link, base, iframe, [href]').count()).toBe(0)
  expect(await page.title()).toMatch(/^What would FineWeb keep\?/)
  expect(asked).toEqual([])
  // The server is there: this is what it would have noticed.
  await fetch(`${outside}/noticed`)
  expect(asked).toEqual(['/noticed'])
  await page.close()
  elsewhere.closeAllConnections()
  await new Promise((closed) => elsewhere.close(closed))
})

test('two texts are compared as the package compares them in Node', async () => {
  const page = await openPage()
  const figure = (name: string) =>
    page
      .locator('dl div')
      .filter({ has: page.getByText(name, { exact: true }) })
      .locator('dd')
      .first()
  const result = page.locator('.result')
  await result.filter({ hasText: 'Duplicates: FineWeb would keep one of the two.' }).waitFor()

  const pair = ['First text', 'Second text'].map((name) => page.getByRole('textbox', { name }))
  const first = (await pair[0]?.inputValue()) ?? ''
  const second = first.replaceAll('the', 'a').replace('miller', 'baker')
  await pair[1]?.fill(second)
  await result.filter({ hasText: 'No duplicates to FineWeb' }).waitFor()
  const minhasher = await openMinhasher(
    { ...FINEWEB_MINHASH, normalisation: 'fineweb-2024-05', tokenizer: 'words' },
    words,
  )
  const [a, b] = [first, second].map((of) => distinctHashes(minhasher.shingleHashes(of))) as [Uint32Array, Uint32Array]
  const jaccard = jaccardSimilarity(a, b)
  expect(jaccard).toBeGreaterThan(0.02)
  expect(jaccard).toBeLessThan(0.6)
  expect(await figure('Jaccard similarity').textContent()).toBe(jaccard.toFixed(3))
  const probability = (1 - (1 - jaccard ** 8) ** 14).toFixed(3)
  expect(await figure('Chance to share one').textContent()).toBe(probability)
  const plot = page.getByRole('img', { name: `${probability} at ${jaccard.toFixed(3)}` })
  // The axis runs from 40 to 404.
  expect(Number(await plot.locator('circle.pair').getAttribute('cx'))).toBeCloseTo(40 + 364 * jaccard, 6)

  await pair[1]?.fill('four words\0 and')
  await result.filter({ hasText: 'A text has fewer than 5 words' }).waitFor()
  await pair[1]?.fill(first)
  await result.filter({ hasText: 'Duplicates' }).waitFor()
  expect(await figure('Shared buckets').textContent()).toBe('14 of 14')
  await page.close()
})

test('every control has a name and answers to keys, headings go down by one, and no width overflows', async () => {
  const page = await openPage()
  const controls = page.locator('.filter-page').locator('input, select, textarea, button, iframe')
  const nameless = await controls.evaluateAll((all) =>
    all
      .filter((control) => {
        const { labels } = control as HTMLInputElement
        const words = control.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? control.textContent
        return !words?.trim()
      })
      .map((control) => control.outerHTML),
  )
  expect(await controls.count()).toBeGreaterThan(60)
  expect(nameless).toEqual([])
  const ids = await page.locator('[id]').evaluateAll((all) => all.map(({ id }) => id))
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([])
  const dangling = await page
    .locator('.filter-page [aria-labelledby], .filter-page [aria-describedby]')
    .evaluateAll((all) =>
      all
        .flatMap((one) => [one.getAttribute('aria-labelledby'), one.getAttribute('aria-describedby')])
        .filter((id) => id !== null && document.getElementById(id) === null),
    )
  expect(dangling).toEqual([])
  const levels = await page.locator('.vp-doc :is(h1, h2, h3)').evaluateAll((all) => all.map(({ tagName }) => tagName))
  expect(levels[0]).toBe('H1')
  levels.forEach((level, i) => expect(Number(level[1]) - Number(levels[i - 1]?.[1] ?? 0)).toBeLessThanOrEqual(1))

  await page.getByRole('slider', { name: 'Threshold of Different stop words' }).focus()
  await page.keyboard.press('End')
  await says(page, 'Dropped by Gopher: quality, “Different stop words”.')
  await profile(page, 'fineweb-2024-05').focus()
  await page.keyboard.press('ArrowLeft')
  await says(page, 'Kept. Every rule of paper')

  for (const width of [320, 390, 768, 1024]) {
    await page.setViewportSize({ width, height: 844 })
    expect(await page.evaluate('document.documentElement.scrollWidth'), `${width} pixels`).toBe(width)
  }
  await page.close()
})
