/** Pieces that have occurred before: how many, and their code units. `find_duplicates` of datatrove. */
export function repeatedPieces(pieces: readonly string[]): { readonly repeated: number; readonly characters: number } {
  // One alone would be hashed for nothing: of most texts, the only paragraph.
  if (pieces.length < 2) return { repeated: 0, characters: 0 }
  const seen = new Set<string>()
  let [repeated, characters] = [0, 0]
  for (const piece of pieces) {
    if (seen.has(piece)) {
      repeated++
      characters += piece.length
    } else seen.add(piece)
  }
  return { repeated, characters }
}
