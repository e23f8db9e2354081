import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../problem.js'
import type { WorkspacePackage } from '../workspace-package.js'

const sections = ['## Install', '## In fifteen lines', '## What is inside', '## Limits']
const codeLimit = 15

/** Every published package has a README with the same four sections, and its first example is fifteen lines or fewer. */
export const readmeSections = ({ root, folder, manifest }: WorkspacePackage): Problem[] => {
  if (!folder.startsWith('packages/')) return []
  const file = `${folder}/README.md`
  if (!existsSync(join(root, file))) {
    return [{ file, expected: `a README with ${sections.join(', ')}`, got: 'no file', todo: 'Write it.' }]
  }
  const text = readFileSync(join(root, file), 'utf8')
  const lines = text.split('\n')
  const problems: Problem[] = []
  if (lines[0] !== `# ${manifest.name}`) {
    problems.push({
      file,
      expected: `the title "# ${manifest.name}"`,
      got: `"${lines[0]}"`,
      todo: 'Begin with the package name.',
    })
  }
  for (const section of sections) {
    if (lines.includes(section)) continue
    problems.push({
      file,
      expected: `the section "${section}"`,
      got: 'none',
      todo: 'Add it; a reader finds the same four in every package.',
    })
  }
  const example = text.split('## In fifteen lines')[1]?.match(/```ts\n([\s\S]*?)```/)?.[1]
  if (example === undefined) {
    if (lines.includes('## In fifteen lines')) {
      problems.push({
        file,
        expected: 'a ```ts block in "## In fifteen lines"',
        got: 'none',
        todo: 'Show the package at work; the block runs in the tests.',
      })
    }
    return problems
  }
  const count = example.split('\n').filter((line) => line.trim() !== '').length
  if (count > codeLimit) {
    problems.push({
      file,
      expected: `at most ${codeLimit} lines in the first example`,
      got: `${count}`,
      todo: 'Shorten it, or make the API shorter.',
    })
  }
  return problems
}
