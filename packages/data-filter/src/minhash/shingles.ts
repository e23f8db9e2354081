/** The runs of `size` words, joined by one space. Fewer words than that give none. */
export function shingles(words: readonly string[], size = 5): string[] {
  return Array.from({ length: Math.max(0, words.length - size + 1) }, (_, i) => words.slice(i, i + size).join(' '))
}
