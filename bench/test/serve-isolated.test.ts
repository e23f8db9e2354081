import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serveIsolated } from '../src/browser/serve-isolated.js'

test('every answer has the headers of an isolated page, and only files of the folder are served', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'almanac-bench-test-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  const server = await serveIsolated(folder)
  try {
    for (const [path, status] of [
      ['', 200],
      ['missing.js', 404],
      ['..%2f..%2fetc%2fpasswd', 404],
    ] as const) {
      const response = await fetch(server.url + path)
      expect(response.status, path).toBe(status)
      expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    }
  } finally {
    await server.close()
    rmSync(folder, { recursive: true })
  }
})
