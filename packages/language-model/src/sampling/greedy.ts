/** The index of the largest logit; ties take the lowest. */
export function greedy(logits: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < logits.length; i++) if ((logits[i] as number) > (logits[best] as number)) best = i
  return best
}
