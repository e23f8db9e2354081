import { AbortError } from '@almanac/tensor-core'
import type { SplitPattern } from './split-pattern.js'

/** Strings of this length or more may be views that keep the whole text they were cut from. */
const VIEW_LENGTH = 13
/** Characters between two looks at the clock and the signal. */
const SLICE = 2 ** 20

export interface WordCounts {
  readonly counts: Map<string, number>
  /** UTF-16 units read. */
  readonly characters: number
}

/** How often each word occurs. Memory grows with the distinct words, not with the text. Rejects with AbortError. */
export async function countWords(
  texts: Iterable<string> | AsyncIterable<string>,
  pattern: SplitPattern,
  options: { readonly onSlice?: (characters: number) => void; readonly signal?: AbortSignal | undefined } = {},
): Promise<WordCounts> {
  const counts = new Map<string, number>()
  const expression = new RegExp(pattern.source, 'gu')
  let characters = 0
  let reported = 0
  const pause = async () => {
    reported = characters
    options.onSlice?.(characters)
    await new Promise<void>((resolve) => setTimeout(resolve))
    if (options.signal?.aborted) throw new AbortError('trainBpe')
  }
  for await (const text of texts) {
    expression.lastIndex = 0
    const before = characters
    for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
      const word = match[0]
      const count = counts.get(word)
      if (count !== undefined) counts.set(word, count + 1)
      else counts.set(word.length < VIEW_LENGTH ? word : copyOf(word), 1)
      characters = before + expression.lastIndex
      if (characters - reported > SLICE) await pause()
    }
    characters = before + text.length
    if (characters - reported > SLICE) await pause()
  }
  return { counts, characters }
}

/** The same characters in a string of their own. */
function copyOf(word: string): string {
  const units = new Array<number>(word.length)
  for (let i = 0; i < word.length; i++) units[i] = word.charCodeAt(i)
  return String.fromCharCode.apply(null, units)
}
