import type { Document } from '../document.js'

/** The beginning of a document, to be looked at. */
export interface Example {
  /** What the choice went by: a hash of the id. The smallest are kept, so that any order and any parts choose the same. */
  readonly order: number
  readonly id: string
  readonly url?: string
  readonly text: string
}

export const EXAMPLES_EACH = 3
const CHARACTERS = 500

/** Puts a document among the examples, if it belongs there. */
export function withExample(examples: readonly Example[], document: Document): readonly Example[] {
  const order = hashOf(document.id)
  const last = examples[EXAMPLES_EACH - 1]
  if (last && last.order <= order) return examples
  const { url } = document.metadata
  const example: Example = {
    order,
    id: document.id,
    ...(typeof url === 'string' ? { url } : {}),
    text: document.text.slice(0, CHARACTERS),
  }
  return mergedExamples(examples, [example])
}

export const mergedExamples = (some: readonly Example[], others: readonly Example[]): readonly Example[] =>
  [...some, ...others].sort((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1)).slice(0, EXAMPLES_EACH)

/** FNV-1a over UTF-16 units, with a last mix: near ids would else be near in order. */
function hashOf(id: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
