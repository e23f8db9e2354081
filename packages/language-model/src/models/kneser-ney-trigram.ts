import { type CountModel, checkTokens, type TokenIds } from './count-model.js'

/** Discounts of n-grams seen once, twice, and three times or more. */
type Discounts = readonly [number, number, number, number]

/** What is subtracted is spread over the lower order: how much, a context. */
interface Order {
  /** Counts (of occurrences for the highest order, of distinct left neighbours below it). */
  readonly counts: ReadonlyMap<number, number>
  /** Sum of the counts after a context, and how many of them are 1, 2, and 3 or more. */
  readonly totals: ReadonlyMap<number, Float64Array>
  readonly discounts: Discounts
}

/**
 * A trigram with modified Kneser-Ney smoothing, interpolated with bigrams, unigrams and the uniform distribution. Lower
 * orders count in how many different contexts a word occurs, not how often. Chen and Goodman 1998, section 3; the
 * discounts are their equation 26. Throws ArgumentError.
 */
export function kneserNeyTrigram(tokens: TokenIds, vocabSize: number): CountModel {
  checkTokens('kneserNeyTrigram', tokens, vocabSize)
  const V = vocabSize
  const add = (map: Map<number, number>, gram: number) => map.set(gram, (map.get(gram) ?? 0) + 1)
  const trigramCounts = new Map<number, number>()
  for (let i = 2; i < tokens.length; i++) {
    add(trigramCounts, ((tokens[i - 2] as number) * V + (tokens[i - 1] as number)) * V + (tokens[i] as number))
  }
  const bigramCounts = new Map<number, number>()
  for (const gram of trigramCounts.keys()) add(bigramCounts, gram % (V * V))
  const unigramCounts = new Map<number, number>()
  for (const gram of bigramCounts.keys()) add(unigramCounts, gram % V)
  const trigrams = orderOf(trigramCounts, V)
  const bigrams = orderOf(bigramCounts, V)
  const unigrams = orderOf(unigramCounts, V)

  /** p of the last token of a gram, given the estimate of the lower order. A context never seen leaves it to that. */
  const estimate = ({ counts, totals, discounts }: Order, context: number, w: number, lower: number): number => {
    const total = totals.get(context)
    if (!total) return lower
    const [sum, ones, twos, more] = total as unknown as [number, number, number, number]
    const spread = discounts[1] * ones + discounts[2] * twos + discounts[3] * more
    const count = counts.get(context * V + w) ?? 0
    return (Math.max(0, count - (discounts[Math.min(count, 3)] as number)) + spread * lower) / sum
  }
  return {
    nats(text, from = 0, to = text.length) {
      return Float64Array.from({ length: to - from }, (_, k) => {
        const i = from + k
        const w = text[i] as number
        let p = estimate(unigrams, 0, w, 1 / V)
        if (i > 0) p = estimate(bigrams, text[i - 1] as number, w, p)
        if (i > 1) p = estimate(trigrams, (text[i - 2] as number) * V + (text[i - 1] as number), w, p)
        return -Math.log(p)
      })
    },
  }
}

function orderOf(counts: ReadonlyMap<number, number>, V: number): Order {
  const totals = new Map<number, Float64Array>()
  // How many n-grams have a count of 1, 2, 3 and 4.
  const seen = [0, 0, 0, 0, 0]
  for (const [gram, count] of counts) {
    const context = Math.floor(gram / V)
    let total = totals.get(context)
    if (!total) {
      total = new Float64Array(4)
      totals.set(context, total)
    }
    total[0] = (total[0] as number) + count
    const kind = Math.min(count, 3)
    total[kind] = (total[kind] as number) + 1
    if (count <= 4) seen[count] = (seen[count] as number) + 1
  }
  return { counts, totals, discounts: discountsOf(seen as [number, number, number, number, number]) }
}

/** D_n = n - (n + 1) Y n_{n+1} / n_n with Y = n_1 / (n_1 + 2 n_2), and n / 2 where that is not between 0 and n: small texts leave gaps. */
function discountsOf([, n1, n2, n3, n4]: [number, number, number, number, number]): Discounts {
  const y = n1 + n2 > 0 ? n1 / (n1 + 2 * n2) : 0
  const discount = (n: number, these: number, next: number) => {
    const d = n - ((n + 1) * y * next) / these
    return d > 0 && d <= n ? d : n / 2
  }
  return [0, discount(1, n1, n2), discount(2, n2, n3), discount(3, n3, n4)]
}
