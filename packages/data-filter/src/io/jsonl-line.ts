import type { Document } from '../document.js'

/** A document as datatrove 0.10 writes it, on a line of its own: its text, its id, and its metadata where there are any. */
export function jsonlLine({ text, id, metadata }: Document): string {
  const filled = Object.keys(metadata).length > 0
  return `${JSON.stringify(filled ? { text, id, metadata } : { text, id })}\n`
}
