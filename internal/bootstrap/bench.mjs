// npm run bench -- <name>... [options]: runs built benchmarks, each in a process of its own.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expectedError, root, run } from './process.mjs'

const source = join(root, 'bench', 'src')

/** A benchmark is a file bench/src/<name>.ts; shared code lies in folders beside it. */
const names = () =>
  existsSync(source)
    ? readdirSync(source)
        .filter((f) => f.endsWith('.ts'))
        .map((f) => f.slice(0, -3))
        .sort()
    : []

/** The exit code: that of the first benchmark that failed. All run, with the same options. */
export const runBench = async (args) => {
  const known = names()
  const options = args.findIndex((arg) => arg.startsWith('-'))
  const wanted = options < 0 ? args : args.slice(0, options)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined || wanted.length === 0) {
    throw expectedError(
      `bench: expected one of ${known.join(', ') || '(none yet)'}, got ${unknown ?? 'nothing'}. Run "npm run bench -- <name>".`,
      2,
    )
  }
  let code = 0
  for (const name of wanted) {
    // What one leaves in memory must not be in the figures of the next.
    const file = join(root, 'bench', 'dist', `${name}.js`)
    const own = await run(process.execPath, [file, ...args.slice(wanted.length)], { output: 'inherit' })
    code ||= own
  }
  return code
}
