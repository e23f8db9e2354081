/** Looks for stop strings in text that comes in pieces, and holds back what may be the beginning of one. */
export interface StopFilter {
  /** The text that is safe to send, and whether a stop string has come (nothing may be sent after that). */
  push(piece: string): { readonly text: string; readonly stopped: boolean }
  /** What was held back, at the end of the text. */
  end(): string
}

export function stopFilter(stops: readonly string[]): StopFilter {
  let held = ''
  return {
    push(piece) {
      held += piece
      const places = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0)
      if (places.length > 0) {
        const text = held.slice(0, Math.min(...places))
        held = ''
        return { text, stopped: true }
      }
      const keep = Math.max(0, ...stops.map((stop) => overlap(held, stop)))
      const text = held.slice(0, held.length - keep)
      held = held.slice(held.length - keep)
      return { text, stopped: false }
    },
    end() {
      const rest = held
      held = ''
      return rest
    },
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}
