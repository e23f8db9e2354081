import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineModel } from '@almanac/serving'
import type { Hono } from 'hono'

export interface ChatPageOptions {
  readonly model: EngineModel
  /** What the page draws of the training; read anew at every visit. */
  readonly run: () => Promise<unknown>
}

const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'chat.js': 'text/javascript; charset=utf-8',
  'curve.js': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
}

/** Adds the page at / that chats with the model, its files, and /run.json with the course of the training. */
export async function addChatPage(app: Hono, { model, run }: ChatPageOptions): Promise<void> {
  const folder = await webFolder()
  for (const [name, type] of Object.entries(TYPES)) {
    const body = await readFile(join(folder, name))
    const headers = {
      'content-type': type,
      'cache-control': 'no-cache',
      // Nothing from elsewhere: the page works without a network, and text that a model writes cannot load anything.
      'content-security-policy': "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
    }
    app.get(name === 'index.html' ? '/' : `/${name}`, () => new Response(body, { headers }))
  }
  app.get('/favicon.ico', () => new Response(null, { status: 204 }))
  app.get('/run.json', async (c) => c.json({ model, ...((await run()) as object) }))
}

/** The folder web/ of this package, from dist/ and from wherever tests build to. */
async function webFolder(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (;;) {
    const candidate = join(folder, 'web')
    const found = await readFile(join(candidate, 'index.html')).then(
      () => true,
      () => false,
    )
    if (found) return candidate
    if (folder === dirname(folder)) throw new Error('web/index.html is not there: the package is incomplete')
    folder = dirname(folder)
  }
}
