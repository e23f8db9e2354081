import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { launchChromium } from '@almanac/test-kit/chromium'
import { expect, test } from 'vitest'
import { serveSite } from '../src/serve-site.js'
import { sourcePages } from '../src/source-pages.js'
import { apiPages } from '../src/write-api.js'
import { BUILD_MS, testSite } from './support/test-site.js'

const docs = join(import.meta.dirname, '..')
const root = join(docs, '..')

test('the site builds, every page is there, and a reader finds a function', {
  timeout: BUILD_MS + 60_000,
}, async () => {
  // A link that leads nowhere fails here.
  const { html, output } = await testSite()
  const pages = [...sourcePages(root), ...apiPages(root)].map(({ page }) => page)
  expect(pages).toEqual(expect.arrayContaining(['index', 'packages/serving', 'api/@almanac/tensor-core/nn']))
  for (const page of pages) expect(existsSync(join(html, `${page}.html`)), page).toBe(true)
  expect(output).toContain(`${sourcePages(root).length} pages and ${apiPages(root).length} of API reference`)

  const server = await serveSite(html, 0)
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    const problems: string[] = []
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('request', (request) => request.url().startsWith(server.url) || problems.push(request.url()))
    await page.goto(server.url)
    await page.getByRole('link', { name: 'Getting started' }).first().click()
    await page.getByRole('heading', { name: 'The whole stack in one command' }).waitFor()
    const picture = page.getByRole('img', { name: "The demo's page" })
    expect(await picture.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(1200)

    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByPlaceholder('Search').fill('cosineSchedule')
    await page.getByRole('option', { name: 'cosineSchedule()' }).first().click()
    await page.getByRole('heading', { name: 'cosineSchedule()' }).waitFor()
    expect(page.url()).toContain('/api/@almanac/training')
    expect(problems).toEqual([])
  } finally {
    await browser.close()
    await server.close()
  }
})

test('a port in use is said', async () => {
  const pages = join(docs, 'pages')
  const first = await serveSite(pages, 0)
  try {
    await expect(serveSite(pages, Number(new URL(first.url).port))).rejects.toThrow('in use')
  } finally {
    await first.close()
  }
})
