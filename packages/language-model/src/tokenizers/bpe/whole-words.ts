import { LLAMA3_PATTERN, type SplitPattern } from './split-pattern.js'

/**
 * Pieces of one long text, cut anywhere, as pieces that end where a word ends: what `trainBpe` can count one by one, for
 * texts that do not fit in memory. The words are those of the whole text.
 */
export async function* wholeWords(
  chunks: Iterable<string> | AsyncIterable<string>,
  pattern: SplitPattern = LLAMA3_PATTERN,
): AsyncGenerator<string, void, void> {
  let rest = ''
  for await (const chunk of chunks) {
    const text = rest + chunk
    const cut = pattern.safeCut?.(text) ?? 0
    if (cut > 0) yield text.slice(0, cut)
    rest = text.slice(cut)
  }
  if (rest !== '') yield rest
}
