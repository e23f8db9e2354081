import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../problem.js'
import type { WorkspacePackage } from '../workspace-package.js'

const files = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'PAPERS.md', 'LOG.md', 'LICENSE', 'pnpm-lock.yaml']

/** The pages a reader starts from, and a row for each package in the README's table. */
export const rootFiles = (root: string, workspace: readonly WorkspacePackage[]): Problem[] => {
  const problems: Problem[] = files
    .filter((file) => !existsSync(join(root, file)))
    .map((file) => ({ file, expected: 'the file at the root', got: 'no file', todo: 'Write it.' }))
  const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : ''
  for (const { folder, manifest } of workspace) {
    if (!folder.startsWith('packages/') || readme.includes(`](${folder})`) || readme.includes(`](${folder}/README.md)`))
      continue
    problems.push({
      file: 'README.md',
      expected: `a row for ${manifest.name} that links to ${folder}`,
      got: 'none',
      todo: 'Add it to the table of packages.',
    })
  }
  return problems
}
