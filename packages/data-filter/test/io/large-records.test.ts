import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { bundleScript } from '@almanac/test-kit'
import { describe, expect, it } from 'vitest'

const folder = resolve(import.meta.dirname, '../..')
const PACKAGES = [
  'chardet',
  'html-encoding-sniffer',
  'hyparquet',
  'hyparquet-compressors',
  'hyparquet-writer',
  'iconv-lite',
  'warcio',
]

describe('records of 100 MB', () => {
  it('are counted, without being held, and what comes after them is read', async () => {
    const script = await bundleScript(folder, resolve(import.meta.dirname, 'read-large-files.ts'), PACKAGES)
    const { stdout } = await promisify(execFile)(process.execPath, ['--max-old-space-size=48', script])
    const results = JSON.parse(stdout) as { name: string; found: string[]; grownMb: number }[]
    expect(results.map(({ name, found }) => [name, ...found])).toEqual([
      ['warc', '<html>before', 'too-large', '<html>after'],
      ['warc.gz', '<html>before', 'too-large', '<html>after'],
      ['warc with an endless header', 'broken-file', '<html>after'],
      ['warc with a bomb', 'too-large', '<html>after'],
      ['jsonl', 'before', 'too-large', 'after'],
      ['jsonl.gz', 'before', 'too-large', 'after'],
      ['html', 'too-large'],
      ['html.gz', 'too-large'],
      ['text', 'too-large'],
    ])
    // Of the process's whole memory, which has no more than the records of 8 MiB that readers hold, some copies, and Node's own.
    for (const { name, grownMb } of results) expect(grownMb, name).toBeLessThanOrEqual(96)
    console.log(results.map(({ name, grownMb }) => `${name} ${grownMb}`).join(', '))
  })
})
