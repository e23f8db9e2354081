import { launchChromium, SOFTWARE_WEBGPU } from '@almanac/test-kit/chromium'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServedSite, serveSite } from '../src/serve-site.js'
import { BUILD_MS, testSite } from './support/test-site.js'

type Browser = Awaited<ReturnType<typeof launchChromium>>
type Page = Awaited<ReturnType<Browser['newPage']>>

let site: ServedSite
let alone: ServedSite
beforeAll(async () => {
  const { html } = await testSite()
  site = await serveSite(html, 0)
  alone = await serveSite(html, 0, { isolated: false })
}, BUILD_MS + 30_000)
afterAll(() => Promise.all([site?.close(), alone?.close()]))

/** The page, with its table of backends; what goes wrong in it is pushed to `problems`. */
async function openPlayground(browser: Browser, { url }: ServedSite, problems: string[] = []): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  page.on('pageerror', (error) => problems.push(error.message))
  page.on(
    'request',
    (request) =>
      request
        .url()
        .replace(/^blob:/, '')
        .startsWith(url) || problems.push(request.url()),
  )
  await page.goto(`${url}/playground`)
  await page.getByRole('row', { name: 'cpu' }).waitFor()
  return page
}

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByRole('rowheader', { name }) })
const status = (page: Page) => page.getByRole('status')
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const figure = async (page: Page, name: string): Promise<string> => {
  const entry = page.locator('dl div').filter({ has: page.getByText(name, { exact: true }) })
  return (await entry.locator('dd').textContent()) ?? ''
}
const steps = (page: Page) => page.getByRole('spinbutton', { name: 'Steps' })
const sample = (page: Page) => page.getByLabel('Text that the model wrote')

describe.sequential('on the processor', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  test('backends are listed, training learns, samples come, and nothing leaves the page', async () => {
    const problems: string[] = []
    const page = await openPlayground(browser, site, problems)
    expect(await row(page, 'wasm').textContent()).toMatch(/yes[2-8] threads/)
    expect(await row(page, 'webgpu').textContent()).toMatch(/nowebgpu: expected/)
    expect(await page.getByText('117,056 parameters').count()).toBe(1)

    await steps(page).fill('60')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Finished: 60 steps' }).waitFor()
    expect(await figure(page, 'Step')).toBe('60 of 60')
    // Guessing all bytes alike costs 5.55 nats.
    for (const name of ['Loss', 'Held-out loss']) {
      const nats = Number.parseFloat(await figure(page, name))
      expect(nats).toBeGreaterThan(1)
      expect(nats).toBeLessThan(3.6)
    }
    expect(await figure(page, 'Parameters')).toBe('117,056')
    expect(await figure(page, 'Speed')).toMatch(/^[\d,.]+ tokens\/s$/)
    for (const name of ['Memory in use', 'Temporaries, at most']) {
      expect(await figure(page, name)).toMatch(/^\d[\d.]* (KiB|MiB)$/)
    }
    const plot = page.getByRole('img', { name: /nats a byte at step 60 of 60/ })
    expect(await plot.locator('path.curve').getAttribute('d')).toMatch(/^M[\d.]+ [\d.]+(L[\d.]+ [\d.]+){59}$/)
    expect(await sample(page).textContent()).toMatch(/^Shall I [\s\S]{100,}$/)

    await page.getByLabel('Prompt').fill('My love ')
    await page.getByRole('slider', { name: 'Temperature' }).fill('0')
    await button(page, 'Write').click()
    await sample(page).filter({ hasText: 'My love ' }).waitFor()
    await button(page, 'Write').waitFor()
    expect(problems).toEqual([])
    await page.close()
  })

  test('Stop ends a run between two updates; the model stays, and another run begins anew', async () => {
    const page = await openPlayground(browser, site)
    await steps(page).fill('20000')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Training' }).waitFor()
    await button(page, 'Stop').click()
    await status(page).filter({ hasText: 'Stopped at step' }).waitFor()
    const stopped = await figure(page, 'Step')
    expect(Number.parseInt(stopped, 10)).toBeLessThan(2000)
    await button(page, 'Write').click()
    await sample(page).filter({ hasText: 'Shall I ' }).waitFor()
    await button(page, 'Write').waitFor()
    expect(await figure(page, 'Step')).toBe(stopped)

    await steps(page).fill('3')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Finished: 3 steps' }).waitFor()
    await page.close()
  })

  test('a run that is too slow to stop is ended at once, and the next one works', async () => {
    const page = await openPlayground(browser, site)
    // One update of this takes minutes on the cpu backend, which does not look up from it.
    await page.getByRole('radio', { name: 'Medium' }).check()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('cpu')
    // On a busy machine the worker may hear of the stop before its first update; then there is nothing to end, and it is asked again.
    for (let tries = 0; tries < 5 && !(await button(page, 'End at once').isVisible()); tries++) {
      await button(page, 'Start').click()
      await status(page).filter({ hasText: 'Starting' }).waitFor()
      await button(page, 'Stop').click()
      await status(page)
        .filter({ hasText: /Stopping|Stopped at step 0/ })
        .waitFor()
    }
    await button(page, 'End at once').click()
    await status(page).filter({ hasText: 'Stopped at step 0' }).waitFor()
    expect(await button(page, 'Write').isDisabled()).toBe(true)

    await page.getByRole('radio', { name: 'Tiny' }).check()
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('wasm')
    await steps(page).fill('2')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Finished: 2 steps' }).waitFor()
    await page.close()
  })

  test('a text that is too short is refused in words, and the next is taken', async () => {
    const page = await openPlayground(browser, site)
    await page.getByRole('textbox', { name: 'Text' }).fill('To be, or not to be.')
    await button(page, 'Start').click()
    const alert = page.getByRole('alert')
    await alert.getByText('text: expected at least 651 bytes for a context of 64').waitFor()
    expect(await alert.textContent()).toContain('got 20. Paste more text or choose a shorter context.')
    expect(await status(page).textContent()).toBe('The run failed.')

    await button(page, 'Back to the sonnets').click()
    await steps(page).fill('2')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Finished: 2 steps' }).waitFor()
    expect(await alert.textContent()).toBe('')
    await page.close()
  })

  test('a page that is not isolated computes on one thread, and says so', async () => {
    const problems: string[] = []
    const page = await openPlayground(browser, alone, problems)
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    expect(await row(page, 'wasm').textContent()).toMatch(/yes1 thread\b/)
    await steps(page).fill('3')
    await button(page, 'Start').click()
    await status(page).filter({ hasText: 'Finished: 3 steps' }).waitFor()
    expect(problems).toEqual([])
    await page.close()
  })
})

test('WebGPU trains the smallest preset', { timeout: 120_000 }, async () => {
  const browser = await launchChromium(SOFTWARE_WEBGPU)
  try {
    const problems: string[] = []
    const page = await openPlayground(browser, site, problems)
    expect(await row(page, 'webgpu').textContent()).toMatch(/yesgoogle swiftshader/)
    await page.getByRole('combobox', { name: 'Backend' }).selectOption('webgpu')
    await steps(page).fill('5')
    await button(page, 'Start').click()
    await page.getByRole('img', { name: /at step 5 of 5/ }).waitFor({ timeout: 60_000 })
    const curve = await page.locator('path.curve').getAttribute('d')
    const heights = (curve ?? '')
      .split(/[ML]/)
      .slice(1)
      .map((point) => Number(point.split(' ')[1]))
    expect(heights).toHaveLength(5)
    // Downwards on the page is downwards in nats.
    expect(heights[4]).toBeGreaterThan(heights[0] as number)
    expect(Number.parseFloat(await figure(page, 'Loss'))).toBeLessThan(5.4)
    // The sample that follows takes longer than the updates: it is not waited for.
    await button(page, 'Stop').click()
    await status(page)
      .filter({ hasText: /Stopped|Finished/ })
      .waitFor({ timeout: 60_000 })
    expect(problems).toEqual([])
  } finally {
    await browser.close()
  }
})
