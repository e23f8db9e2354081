/** Bytes that a pass touches: of a bound buffer, or of the arena. */
export interface Touched {
  /** Number of the bound slot, or 'arena'. */
  readonly space: number | 'arena'
  readonly start: number
  readonly end: number
  readonly writes: boolean
}

export interface OrderedPass {
  readonly touched: readonly Touched[]
  /** One thread runs it, always the same one. */
  readonly solo: boolean
}

export interface PassOrder {
  /** Indices of passes in the order in which they run. */
  readonly order: readonly number[]
  /** Whether the threads meet before the pass at this place of the order. */
  readonly meets: readonly boolean[]
}

/** Stretches between meetings in which a piece of memory was last touched. */
interface Piece {
  readonly start: number
  readonly end: number
  togetherRead: number
  togetherWrite: number
  soloRead: number
  soloWrite: number
}

const NEVER = -1

/**
 * Puts passes into the fewest stretches between which all threads meet: each goes into the first one that follows all
 * passes before it which touch the same memory, where one of the two writes. What one thread runs alone is in order by
 * itself and shares a stretch; it comes first there, so that the other threads begin with the rest meanwhile.
 */
export function orderPasses(passes: readonly OrderedPass[]): PassOrder {
  const spaces = new Map<number | 'arena', Piece[]>()
  const stretches = passes.map(({ touched, solo }) => {
    let stretch = 0
    for (const { space, start, end, writes } of touched) {
      for (const piece of spaces.get(space) ?? []) {
        if (piece.start >= end || start >= piece.end) continue
        const alone = Math.max(piece.soloWrite, writes ? piece.soloRead : NEVER)
        const together = Math.max(piece.togetherWrite, writes ? piece.togetherRead : NEVER)
        stretch = Math.max(stretch, together + 1, solo ? alone : alone + 1)
      }
    }
    for (const { space, start, end, writes } of touched) {
      const pieces = spaces.get(space) ?? []
      spaces.set(space, pieces)
      let piece = pieces.find((p) => p.start === start && p.end === end)
      if (!piece) {
        piece = { start, end, togetherRead: NEVER, togetherWrite: NEVER, soloRead: NEVER, soloWrite: NEVER }
        pieces.push(piece)
      }
      const last = solo ? (writes ? 'soloWrite' : 'soloRead') : writes ? 'togetherWrite' : 'togetherRead'
      piece[last] = Math.max(piece[last], stretch)
    }
    return stretch
  })
  const rank = (i: number): number => 2 * (stretches[i] as number) + (passes[i]?.solo ? 0 : 1)
  const order = [...passes.keys()].sort((a, b) => rank(a) - rank(b) || a - b)
  const meets = order.map((pass, at) => at > 0 && stretches[pass] !== stretches[order[at - 1] as number])
  return { order, meets }
}
