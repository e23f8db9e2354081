import { execFileSync } from 'node:child_process'
import { checkPackage } from './check-package.js'
import type { Problem } from './problem.js'
import { forbiddenWords } from './rules/forbidden-words.js'
import { rootFiles } from './rules/root-files.js'
import { readWorkspace } from './workspace-package.js'

const tracked = (root: string): string[] =>
  execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\0')
    .filter(Boolean)

/** What no single package can see, and the packages that have no check task of their own. */
export const checkRepository = (root: string): Problem[] => {
  const workspace = readWorkspace(root)
  const unchecked = workspace.filter(({ manifest }) => manifest.scripts?.check === undefined)
  return [...rootFiles(root, workspace), ...forbiddenWords(root, tracked(root)), ...unchecked.flatMap(checkPackage)]
}
