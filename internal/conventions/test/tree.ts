import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { WorkspacePackage } from '../src/workspace-package.js'

/** The manifest of a package that breaks no rule. */
export const goodManifest = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name: `@almanac/${name}`,
  version: '0.1.0',
  description: 'A package that exists only in a test.',
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  exports: {
    '.': { '@almanac/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  files: ['dist', 'src'],
  scripts: { build: 'tsup', check: 'almanac-conventions package' },
  ...more,
})

export const goodReadme = (name: string) =>
  `# @almanac/${name}\n\n## Install\n\n## In fifteen lines\n\n\`\`\`ts\nconst x = 1\n\`\`\`\n\n## What is inside\n\n## Limits\n`

export const temporaryFolder = () => mkdtempSync(join(tmpdir(), 'almanac-conventions-'))

export const writeTree = (root: string, files: Record<string, string>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

/** A package in a temporary repository: good, apart from what the test changes. */
export const makePackage = (
  name: string,
  { manifest = {}, files = {} }: { manifest?: Record<string, unknown>; files?: Record<string, string> } = {},
): WorkspacePackage => {
  const root = temporaryFolder()
  const folder = `packages/${name}`
  const good = goodManifest(name, manifest)
  writeTree(join(root, folder), {
    'package.json': JSON.stringify(good),
    'README.md': goodReadme(name),
    'src/index.ts': "export { one } from './one.js'\n",
    'src/one.ts': 'export const one = 1\n',
    ...files,
  })
  return { root, folder, manifest: good as unknown as WorkspacePackage['manifest'] }
}
