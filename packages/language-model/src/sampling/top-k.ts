import { type Candidates, keepFirst } from './candidates.js'

/** The k most likely tokens. Fan et al. 2018, arXiv 1805.04833. */
export function topK(list: Candidates, k: number): Candidates {
  return keepFirst(list, Math.max(1, Math.min(k, list.ids.length)))
}
