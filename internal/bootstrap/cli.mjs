// The almanac command runs in this process: signals, exit codes and stdout are its own.
import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expectedError, root } from './process.mjs'

/** npm starts scripts at the root; relative paths on the command line mean the folder the person typed in. */
const typedIn = () => {
  const folder = process.env.INIT_CWD
  if (!folder || process.cwd() !== root || !existsSync(folder)) return process.cwd()
  const inside = relative(root, folder)
  return inside.startsWith('..') || isAbsolute(inside) ? root : folder
}

export const runCli = async (args) => {
  const file = join(root, 'apps', 'reference', 'dist', 'cli.js')
  if (!existsSync(file))
    throw expectedError(`expected the built command at apps/reference/dist/cli.js, got nothing. Run "npm run build".`)
  process.chdir(typedIn())
  process.argv = [process.argv[0], file, ...args]
  await import(pathToFileURL(file).href)
}
