// npm run experiment -- <name> [options]: runs a built experiment, a folder experiments/<name> with a src/main.ts.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expectedError, root, run } from './process.mjs'

const folder = join(root, 'experiments')

const names = () =>
  existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, 'src', 'main.ts'))) : []

export const runExperiment = async ([name, ...args]) => {
  if (!names().includes(name)) {
    throw expectedError(
      `experiment: expected one of ${names().join(', ') || '(none yet)'}, got ${name ?? 'nothing'}. Run "npm run experiment -- <name>".`,
      2,
    )
  }
  return run(process.execPath, [join(folder, name, 'dist', 'main.js'), ...args], { output: 'inherit' })
}
