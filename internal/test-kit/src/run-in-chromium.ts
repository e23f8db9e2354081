import { createServer } from 'node:http'
import { isBuiltin } from 'node:module'
import type { AddressInfo } from 'node:net'
import { build, type Plugin } from 'esbuild'
import { launchChromium, SOFTWARE_WEBGPU } from './chromium.js'

/** What stands behind branches that a page never takes. */
const ONLY_IN_NODE = ['esbuild', 'playwright-core', '@sparticuz/chromium', 'webgpu', 'vitest']

const withoutNode: Plugin = {
  name: 'without node',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ path }) =>
      isBuiltin(path) || ONLY_IN_NODE.includes(path) ? { path, namespace: 'nothing' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'nothing' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
  },
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module">
  import run from './entry.js'
  globalThis.runEntry = async (input) => JSON.stringify(await run(JSON.parse(input)))
</script>`

/**
 * Runs a module's default export in a page of headless Chromium, with WebGPU on SwiftShader, over the sources of the workspace's
 * packages. `input` and the result go through JSON, so NaN and typed arrays must be written otherwise. Rejects with what
 * the page threw, or with what it printed as an error.
 */
export async function runInChromium<Result>(
  entry: string,
  input: unknown,
  { onLog }: { readonly onLog?: (line: string) => void } = {},
): Promise<Result> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@almanac/source'],
    plugins: [withoutNode],
    logLevel: 'error',
  })
  const script = outputFiles[0]?.text ?? ''
  const server = createServer(({ url }, response) => {
    const [type, body] = url === '/entry.js' ? ['text/javascript', script] : ['text/html', PAGE]
    const isolated = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }
    response.writeHead(200, { ...isolated, 'Content-Type': type }).end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const browser = await launchChromium(SOFTWARE_WEBGPU)
  try {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
      else onLog?.(message.text())
    })
    page.on('crash', () => problems.push('the page crashed'))
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction('globalThis.runEntry !== undefined')
    // As text: the compiler of the tests puts names of its own into functions, which a page does not have.
    const result = (await page.evaluate(`runEntry(${JSON.stringify(JSON.stringify(input ?? null))})`)) as string
    if (problems.length > 0) throw new Error(`expected a page without errors, got:\n${problems.join('\n')}`)
    return JSON.parse(result) as Result
  } finally {
    await browser.close()
    await new Promise((closed) => server.close(closed))
  }
}
