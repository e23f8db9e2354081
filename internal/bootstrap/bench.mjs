// npm run bench -- <name>: runs one built benchmark in this process.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expectedError, root } from './process.mjs'

const source = join(root, 'bench', 'src')

/** A benchmark is a file bench/src/<name>.ts; shared code lies in bench/src/shared/. */
const names = () =>
  existsSync(source)
    ? readdirSync(source)
        .filter((f) => f.endsWith('.ts'))
        .map((f) => f.slice(0, -3))
        .sort()
    : []

export const runBench = async ([name, ...args]) => {
  const known = names()
  if (!known.includes(name)) {
    throw expectedError(
      `bench: expected one of ${known.join(', ') || '(none yet)'}, got ${name ?? 'nothing'}. Run "npm run bench -- <name>".`,
      2,
    )
  }
  const file = join(root, 'bench', 'dist', `${name}.js`)
  process.argv = [process.argv[0], file, ...args]
  await import(pathToFileURL(file).href)
}
