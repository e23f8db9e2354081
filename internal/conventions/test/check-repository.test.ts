import { describe, expect, test } from 'vitest'
import { formatProblem } from '../src/problem.js'
import { forbiddenWords } from '../src/rules/forbidden-words.js'
import { rootFiles } from '../src/rules/root-files.js'
import { makePackage, temporaryFolder, writeTree } from './tree.js'

describe('forbidden words', () => {
  // Joined here, so that this file itself holds none of them.
  const path = ['', 'work', 'main', 'x.ts'].join('/')
  const address = `https://${['registry', 'npmjs', 'org'].join('.')}`
  const lines = (files: Record<string, string>) => {
    const root = temporaryFolder()
    writeTree(root, files)
    return forbiddenWords(root, Object.keys(files)).map(formatProblem)
  }

  test('an absolute path of a machine', () => {
    expect(lines({ 'src/a.ts': `\nconst p = '${path}'\n` })).toEqual([
      `src/a.ts:2: expected nothing that is true on one machine only, got an absolute path of one machine in "const p = '${path}'". Use a path relative to the repository, a temporary folder from node:os, or leave it out.`,
    ])
  })

  test('a registry address', () => {
    expect(lines({ 'README.md': address }).join()).toContain('got the address of a package registry')
  })

  test('a conflict that was committed', () => {
    expect(lines({ 'a.md': `${'<'.repeat(7)} HEAD\n` }).join()).toContain('got a merge conflict')
  })

  test('ordinary slashes, data files and files that are gone pass', () => {
    expect(lines({ 'a.ts': "const a = 'packages/work/x' // and/or\n", 'b.json': `"${path}"` })).toEqual([])
    expect(forbiddenWords(temporaryFolder(), ['deleted.ts'])).toEqual([])
  })
})

test('root files and the table of packages', () => {
  const pkg = makePackage('attention')
  const all = ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'PAPERS.md', 'LICENSE', 'pnpm-lock.yaml']
  writeTree(pkg.root, { ...Object.fromEntries(all.map((file) => [file, ''])), 'README.md': '# Almanac\n' })
  expect(rootFiles(pkg.root, [pkg]).map(formatProblem)).toEqual([
    'LOG.md: expected the file at the root, got no file. Write it.',
    'README.md: expected a row for @almanac/attention that links to packages/attention, got none. Add it to the table of packages.',
  ])
})
