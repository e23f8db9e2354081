import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readmeBlocks, runReadmeBlock } from '../src/index.js'

const fence = '```'
const folder = join(import.meta.dirname, '..')

test('takes ts blocks with their lines and leaves the others', () => {
  const markdown = `# x\n${fence}sh\nls\n${fence}\n${fence}ts\nconst a = 1\n${fence}\n${fence}ts sketch\nbroken(\n${fence}\n${fence}\nplain\n${fence}\n`
  expect(readmeBlocks(markdown)).toEqual([{ line: 6, code: 'const a = 1\n' }])
})

test('runs a block as a module with types, imports and top-level await', async () => {
  const code =
    "import { basename } from 'node:path'\nconst n: string = await Promise.resolve(basename('a/b'))\nglobalThis.readmeRan = n\n"
  await runReadmeBlock(folder, { line: 3, code })
  expect((globalThis as { readmeRan?: string }).readmeRan).toBe('b')
})

test('a block that throws fails, on the line of the README', async () => {
  const error = await runReadmeBlock(folder, { line: 7, code: "const a = 1\nthrow new Error('no ' + a)\n" }).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  expect(error?.message).toBe('no 1')
  expect(error?.stack).toMatch(/line-7-\d+\.ts:8:/)
})

afterAll(() => {
  const left = join(folder, '.readme-tests')
  expect(existsSync(left) ? readdirSync(left) : []).toEqual([])
})
