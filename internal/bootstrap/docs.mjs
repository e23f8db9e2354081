// npm run docs: makes the documentation site in this process, from the sources of the packages.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './process.mjs'

export const runDocs = async (args) => {
  const file = join(root, 'docs', 'dist', 'main.js')
  process.argv = [process.argv[0], file, ...args]
  await import(pathToFileURL(file).href)
}
