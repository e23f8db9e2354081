import { type Candidates, keepFirst } from './candidates.js'

/** The fewest most likely tokens whose probability reaches p, the one that crosses it included. Holtzman et al. 2019, arXiv 1904.09751. */
export function topP(list: Candidates, p: number): Candidates {
  let total = 0
  for (let i = 0; i < list.ids.length; i++) {
    total += list.probabilities[i] as number
    if (total >= p) return keepFirst(list, i + 1)
  }
  return list
}
