import { endsSentence } from '../text/sentence-ends.js'

/** Parts a text into the pieces of which spans are made. */
export interface SentenceSplitter {
  /** Stands in manifests, with a version where it may change: other sentences are other spans. */
  readonly name: string
  /**
   * Where each sentence ends, ascending, in UTF-16 units: white space between two belongs to the second one, and what stands behind the last
   * end is nothing but white space.
   */
  ends(text: string): readonly number[]
}

const CLOSERS = '])}>"\'»”’'
const SPACE = /\s/

/**
 * Sentences as the rules of C4 count them: ended by `.`, `!` or `?`, and marks that close, before white space, but not by the period of an
 * abbreviation. Ends of lines are white space like any other, as they are to datatrove.
 */
export const SENTENCES: SentenceSplitter = {
  name: 'sentences-1',
  ends(text) {
    const ends: number[] = []
    let start = 0
    for (let i = 0; i < text.length; i++) {
      const mark = text[i] as string
      if (SPACE.test(mark)) {
        start = i + 1
        continue
      }
      if (mark !== '.' && mark !== '!' && mark !== '?') continue
      let end = i + 1
      while (end < text.length && CLOSERS.includes(text[end] as string)) end++
      if (end < text.length && !SPACE.test(text[end] as string)) continue
      if (mark === '.' && text[i - 1] !== '.' && !endsSentence(text, start, i, end)) continue
      ends.push(end)
      i = end - 1
    }
    return withRest(text, ends)
  },
}

/** Lines that are not blank: datatrove's `split_sentences=False`. */
export const LINES: SentenceSplitter = {
  name: 'lines-1',
  ends(text) {
    const ends: number[] = []
    let from = 0
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      if (text.slice(from, at).trim() === '') continue
      ends.push(at)
      from = at
    }
    return withRest(text, ends)
  },
}

function withRest(text: string, ends: number[]): number[] {
  const last = ends.at(-1) ?? 0
  const length = text.trimEnd().length
  if (length > last && text.slice(last, length).trim() !== '') ends.push(length)
  return ends
}
