import { join } from 'node:path'
import { launchChromium } from '@almanac/test-kit/chromium'
import { expect, test } from 'vitest'
import { startAlmanac, temporaryFolder } from './run-almanac.js'
import { textFile } from './small-run.js'

test('the demo ends in a page that answers and shows the training', { timeout: 180_000 }, async () => {
  const folder = join(temporaryFolder(), 'almanac-demo')
  const small = ['--text', textFile(40_000), '--vocab-size', '300', '--steps', '12']
  const server = await startAlmanac(['demo', '--out', folder, '--port', '0', ...small])
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 800 } })
    const problems: string[] = []
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('request', (request) => request.url().startsWith(server.url) || problems.push(request.url()))
    await page.goto(server.url)
    await page.getByText('almanac-demo: 300 tokens').waitFor()

    await page.getByLabel('Your text').fill('the quick')
    await page.getByLabel('Tokens').fill('16')
    await page.getByRole('button', { name: 'Write' }).click()
    await page.getByText('16 written in').waitFor()
    expect(await page.locator('.given').textContent()).toBe('the quick')
    expect((await page.locator('.written').textContent())?.length).toBeGreaterThan(8)

    // The curve has a point an update, and the held-out losses on it.
    const curve = page.locator('#curve')
    expect((await curve.locator('path').getAttribute('d'))?.match(/[ML]/g)).toHaveLength(12)
    expect(await curve.locator('circle').count()).toBe(4)
    expect(await page.locator('#report tr').count()).toBe(5)

    // What the model cannot do is told where the answer would stand.
    await page.getByLabel('Your text').fill('the river '.repeat(200))
    await page.keyboard.press('Enter')
    await page.locator('small.error').getByText('expected at most').waitFor()
    expect(problems.filter((text) => !text.includes('422'))).toEqual([])
    await page.screenshot({ path: join(folder, 'page.png') })
  } finally {
    await browser.close()
    expect(await server.stop()).toBe(0)
  }
})
