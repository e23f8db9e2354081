import type { Document } from '@almanac/data-filter'
import type { SourceText } from './source-text.js'

/** Characters that a paragraph and a document have at least, but for the last of a text. */
const [PARAGRAPH, DOCUMENT] = [350, 2000]

/** Pieces in their order, joined until each has so many characters; what is left at the end goes to the last. */
function gather(pieces: readonly string[], least: number, glue: string): string[] {
  const gathered: string[] = []
  let current = ''
  for (const piece of pieces) {
    current = current === '' ? piece : `${current}${glue}${piece}`
    if (current.length < least) continue
    gathered.push(current)
    current = ''
  }
  if (current !== '') gathered.push(gathered.length === 0 ? current : `${gathered.pop()}${glue}${current}`)
  return gathered
}

/** A long text as documents of a few paragraphs, each a line of whole sentences. */
export function cutDocuments({ name, text }: SourceText): Document[] {
  const sentences = text
    .replace(/\s+/g, ' ')
    .trim()
    .split(/(?<=[.?!]["']?) (?=["']?[A-Z])/)
  const paragraphs = gather(sentences, PARAGRAPH, ' ')
  return gather(paragraphs, DOCUMENT, '\n').map((part, i) => ({
    id: `${name}/${i}`,
    text: part,
    metadata: { kind: 'clean', source: name },
  }))
}
