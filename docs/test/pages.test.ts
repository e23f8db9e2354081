import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readmeBlocks, runReadmeBlock } from '@almanac/test-kit'
import { describe, test } from 'vitest'

const docs = join(import.meta.dirname, '..')

// The blocks of a page run one after the other in one empty folder, as a reader would run them.
for (const name of readdirSync(join(docs, 'pages')).filter((name) => name.endsWith('.md'))) {
  const blocks = readmeBlocks(readFileSync(join(docs, 'pages', name), 'utf8'))
  if (blocks.length === 0) continue
  describe.sequential(`docs/pages/${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'almanac-docs-'))
    const back = process.cwd()
    for (const [i, block] of blocks.entries()) {
      test(`line ${block.line}`, async () => {
        process.chdir(folder)
        try {
          await runReadmeBlock(docs, block)
        } finally {
          process.chdir(back)
          if (i === blocks.length - 1) rmSync(folder, { recursive: true })
        }
      })
    }
  })
}
