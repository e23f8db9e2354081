/**
 * The pieces' bytes in parts of `partBytes`, the last one shorter; one empty part where there are no bytes. A part's memory is used
 * again for the part after the next: the caller is done with it by then.
 */
export async function* partsOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  // Most files are small: the first part grows, and the second is made when it is needed.
  const memory: Uint8Array[] = [new Uint8Array(Math.min(partBytes, 65_536))]
  let part = 0
  let filled = 0
  const room = (needed: number): Uint8Array => {
    const now = memory[part % 2] ?? new Uint8Array(partBytes)
    memory[part % 2] = now
    if (now.length >= Math.min(partBytes, filled + needed)) return now
    const larger = new Uint8Array(Math.min(partBytes, Math.max(2 * now.length, filled + needed)))
    larger.set(now.subarray(0, filled))
    memory[part % 2] = larger
    return larger
  }
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      if (filled === partBytes) {
        yield (memory[part % 2] as Uint8Array).subarray(0, filled)
        part++
        filled = 0
      }
      const taken = piece.subarray(at, at + partBytes - filled)
      room(taken.length).set(taken, filled)
      filled += taken.length
      at += taken.length
    }
  }
  yield (memory[part % 2] as Uint8Array).subarray(0, filled)
}
