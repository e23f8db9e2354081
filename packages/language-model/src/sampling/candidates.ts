/** Tokens that may still be drawn, most likely first, with their probabilities (which sum to 1). */
export interface Candidates {
  readonly ids: Int32Array
  readonly probabilities: Float64Array
}

/** softmax(logits / temperature) in order. Temperatures close to 0 approach the greedy choice. */
export function candidates(logits: ArrayLike<number>, temperature: number): Candidates {
  const ids = Int32Array.from({ length: logits.length }, (_, i) => i)
  ids.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
  const peak = logits[ids[0] as number] as number
  const probabilities = Float64Array.from(ids, (id) => Math.exp(((logits[id] as number) - peak) / temperature))
  return normalize({ ids, probabilities })
}

/** The first `count` candidates with probabilities that sum to 1 again. */
export function keepFirst({ ids, probabilities }: Candidates, count: number): Candidates {
  return normalize({ ids: ids.subarray(0, count), probabilities: probabilities.slice(0, count) })
}

function normalize({ ids, probabilities }: Candidates): Candidates {
  const total = probabilities.reduce((a, b) => a + b, 0)
  return { ids, probabilities: probabilities.map((p) => p / total) }
}
