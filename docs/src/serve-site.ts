import { preview } from 'vite'

export interface ServedSite {
  readonly url: string
  close(): Promise<void>
}

/** What isolates a page from others: only then may its workers share memory. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/**
 * Serves a finished site at 127.0.0.1. Port 0 takes any free one; a port in use rejects. Unless `isolated` is false, pages may
 * share memory with their workers, which gives the wasm backend threads.
 */
export async function serveSite(html: string, port: number, { isolated = true } = {}): Promise<ServedSite> {
  const server = await preview({
    configFile: false,
    root: html,
    appType: 'mpa',
    logLevel: 'silent',
    build: { outDir: html },
    preview: { host: '127.0.0.1', port, strictPort: true, headers: isolated ? ISOLATED : {} },
  })
  const url = server.resolvedUrls?.local[0]
  if (url === undefined) throw new Error(`docs: expected to listen at 127.0.0.1:${port}, got no address.`)
  return { url: url.replace(/\/$/, ''), close: () => server.close() }
}
