import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { readReadmeBlocks, runReadmeBlock } from '../src/index.js'

const packages = join(import.meta.dirname, '../../../packages')

// A package without a README is the structure check's business; here every block that exists runs.
for (const name of readdirSync(packages).filter((name) => existsSync(join(packages, name, 'README.md')))) {
  const folder = join(packages, name)
  describe(`packages/${name}/README.md`, () => {
    for (const block of readReadmeBlocks(folder)) {
      test(`line ${block.line}`, () => runReadmeBlock(folder, block))
    }
  })
}
