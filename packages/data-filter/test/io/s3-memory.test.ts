import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { bundleScript } from '@almanac/test-kit'
import { expect, it } from 'vitest'
import { BUCKET, keys, startS3TestServer } from './s3-test-server.js'

/**
 * MiB that a process may grow by: two parts of 8 MiB, the copy of one that fetch makes, and what V8 lets lie about until it collects
 * (some 64 MiB of buffers). It took 109 to write and 85 to read, on 2026-11-27, Node 20.20.2, Linux x64.
 */
const BOUND = 160

it('writes and reads 200 MiB within a bound of memory', async () => {
  const server = await startS3TestServer()
  try {
    const folder = resolve(import.meta.dirname, '../..')
    const script = await bundleScript(folder, resolve(import.meta.dirname, 's3-memory-child.ts'), ['canvas'])
    const args = [script, server.endpoint, BUCKET, keys.accessKeyId, keys.secretAccessKey, '200']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 50_000 })
    let text = ''
    for await (const piece of child.stdout) text += piece
    const { bytes, right, write, read } = JSON.parse(text) as Record<string, number>
    expect(bytes).toBe(200 * 2 ** 20)
    expect(right).toBe(200 * 256)
    expect(write).toBeLessThan(BOUND)
    expect(read).toBeLessThan(BOUND)
    expect(await server.openUploads()).toEqual([])
  } finally {
    await server.close()
  }
})
