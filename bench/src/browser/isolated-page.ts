import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from '@almanac/test-kit/chromium'
import type { Request } from '../measured/answer-requests.js'
import type { Figures } from '../measured/workload.js'
import { ProcessError } from '../shared/bench-error.js'
import { bundlePage } from './bundle-page.js'
import { serveIsolated } from './serve-isolated.js'

export interface IsolatedPage {
  readonly browser: string
  readonly processors: number
  ask(request: Request): Promise<Figures>
  close(): Promise<void>
}

/** Headless Chromium with the workloads in a worker of its page. Rejects with ProcessError unless it may share memory. */
export async function isolatedPage(): Promise<IsolatedPage> {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-page-'))
  await bundlePage(folder)
  const server = await serveIsolated(folder)
  const browser = await launchChromium()
  const close = async () => {
    await browser.close()
    await server.close()
    rmSync(folder, { recursive: true })
  }
  try {
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => 'benchAnswer' in globalThis)
    const { isolated, processors } = await page.evaluate(() => ({
      isolated: crossOriginIsolated,
      processors: navigator.hardwareConcurrency,
    }))
    if (!isolated) {
      throw new ProcessError('bench: browser', 'a cross-origin isolated page', 'one that is not', 'See its headers.')
    }
    return {
      browser: `Chromium ${browser.version()}`,
      processors,
      ask: (request) => page.evaluate((asked) => globalThis.benchAnswer(asked), request),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
