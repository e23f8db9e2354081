import { LLAMA3_PATTERN } from '../../src/index.js'

/**
 * Byte-pair encoding as it is told: count all pairs of all words anew, join the most frequent, begin again. Tokens are
 * strings of byte characters; nothing is shared with the trainer but the pattern and the order of ties.
 */
export function naiveBpe(
  text: string,
  tokens: number,
  alphabet: readonly string[],
  byteText: (word: string) => string[],
) {
  const ids = new Map(alphabet.map((token, id) => [token, id]))
  const words = new Map<string, { parts: string[]; count: number }>()
  for (const [word] of text.matchAll(new RegExp(LLAMA3_PATTERN.source, 'gu'))) {
    const entry = words.get(word)
    if (entry) entry.count++
    else words.set(word, { parts: byteText(word), count: 1 })
  }
  const merges: [string, string][] = []
  const done = new Set<string>()
  while (ids.size < alphabet.length + tokens) {
    const counts = new Map<string, number>()
    for (const { parts, count } of words.values()) {
      for (let i = 0; i + 1 < parts.length; i++) {
        const pair = `${parts[i]} ${parts[i + 1]}`
        counts.set(pair, (counts.get(pair) ?? 0) + count)
      }
    }
    let best: { pair: [string, string]; count: number } | null = null
    for (const [name, count] of counts) {
      const pair = name.split(' ') as [string, string]
      const [l, r] = pair.map((part) => ids.get(part) as number) as [number, number]
      const [bl, br] = best ? (best.pair.map((part) => ids.get(part) as number) as [number, number]) : [0, 0]
      if (!best || count > best.count || (count === best.count && (l < bl || (l === bl && r < br))))
        best = { pair, count }
    }
    if (!best || best.count < 2) break
    const [left, right] = best.pair
    if (!ids.has(left + right)) ids.set(left + right, ids.size)
    if (!done.has(best.pair.join(' '))) merges.push(best.pair)
    done.add(best.pair.join(' '))
    for (const word of words.values()) {
      const next: string[] = []
      for (let i = 0; i < word.parts.length; i++) {
        if (word.parts[i] === left && word.parts[i + 1] === right) {
          next.push(left + right)
          i++
        } else next.push(word.parts[i] as string)
      }
      word.parts = next
    }
  }
  return { merges, tokens: [...ids.keys()] }
}
