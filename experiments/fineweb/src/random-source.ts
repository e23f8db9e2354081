import { randomNumbers } from '@almanac/language-model/sampling'

/** Random choices, the same for the same seed. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform whole number from `low` up to and without `high`. */
  between(low: number, high: number): number
  pick<T>(items: readonly T[]): T
  /** A copy in random order. Fisher and Yates 1938, as Durstenfeld 1964 has it. */
  shuffled<T>(items: readonly T[]): T[]
}

export function randomSource(seed: number): RandomSource {
  const next = randomNumbers(seed)
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low))
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length)] as (typeof items)[number],
    shuffled(items) {
      const copy = [...items]
      for (let i = copy.length - 1; i > 0; i--) {
        const j = between(0, i + 1)
        const [a, b] = [copy[i], copy[j]] as [(typeof copy)[number], (typeof copy)[number]]
        copy[i] = b
        copy[j] = a
      }
      return copy
    },
  }
}
