import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import ts from 'typescript'
import type { Problem } from '../problem.js'
import { sourceFiles } from '../source-files.js'
import type { WorkspacePackage } from '../workspace-package.js'

const limit = 400
const reason = 'Over 400 lines because'
const headLines = 30
// What comes before .ts: words with hyphens, after a dot the target of a kernel, or d for the types of a module that has none.
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(d|kernel|wasm|wgsl|glsl))?$/
const catchAll = /^(utils?|helpers?|misc|common|stuff|lib)$/

const onlyReExports = (file: string, text: string) =>
  ts
    .createSourceFile(file, text, ts.ScriptTarget.Latest)
    .statements.every((s) => ts.isExportDeclaration(s) || (ts.isImportDeclaration(s) && s.importClause !== undefined))

/** One concept a file, the file named after it; index files only re-export; long files say why they are long. */
export const oneConcept = (pkg: WorkspacePackage): Problem[] => {
  const { root, folder } = pkg
  return sourceFiles(pkg, 'src').flatMap((path) => {
    const file = `${folder}/${path}`
    const stem = basename(path, '.ts')
    const text = readFileSync(join(root, folder, path), 'utf8')
    const lines = text.trimEnd().split('\n')
    const problems: Problem[] = []
    if (!kebab.test(stem)) {
      problems.push({
        file,
        expected: 'a file name in kebab-case',
        got: `${stem}.ts`,
        todo: 'Name the file after the concept it holds.',
      })
    }
    if (catchAll.test(stem)) {
      problems.push({
        file,
        expected: 'a file named after one concept',
        got: `${stem}.ts`,
        todo: 'Give each function a file of its own name.',
      })
    }
    if (stem === 'index' && !onlyReExports(path, text)) {
      problems.push({
        file,
        expected: 'an index that only re-exports',
        got: 'other statements',
        todo: 'Move them to a file named after what they do.',
      })
    }
    if (lines.length > limit && !lines.slice(0, headLines).join('\n').includes(reason)) {
      problems.push({
        file,
        expected: `at most ${limit} lines, or "${reason} ..." in the first ${headLines}`,
        got: `${lines.length} lines`,
        todo: 'Split the file by concept, or say in its head why it is long.',
      })
    }
    return problems
  })
}
