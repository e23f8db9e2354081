import { words } from '@almanac/data-filter'
import {
  distinctHashes,
  FINEWEB_MINHASH,
  jaccardSimilarity,
  type Normalisation,
  openMinhasher,
} from '@almanac/data-filter/minhash'
import type { Comparison } from './protocol.js'

/** How alike two texts are: by all of their shingles, and by FineWeb's signatures of them. */
export async function compareTexts(
  texts: readonly [string, string],
  normalisation: Normalisation,
): Promise<Comparison> {
  const config = { ...FINEWEB_MINHASH, normalisation, tokenizer: 'words' }
  const { buckets, hashesPerBucket } = config
  const minhasher = await openMinhasher(config, words)
  const [a, b] = texts.map((text) => distinctHashes(minhasher.shingleHashes(text))) as [Uint32Array, Uint32Array]
  const [first, second] = texts.map((text) => minhasher.signature(text))
  const sizes = { shingles: [a.length / 2, b.length / 2], buckets, hashesPerBucket } as const
  // A text without a shingle has no signature, and is never a duplicate.
  if (!first || !second) return { ...sizes, jaccard: null, estimate: null, sharedBuckets: 0 }
  let equal = 0
  let sharedBuckets = 0
  for (let bucket = 0; bucket < buckets; bucket++) {
    let here = 0
    for (let k = bucket * hashesPerBucket; k < (bucket + 1) * hashesPerBucket; k++) {
      if (first[2 * k] === second[2 * k] && first[2 * k + 1] === second[2 * k + 1]) here++
    }
    equal += here
    if (here === hashesPerBucket) sharedBuckets++
  }
  return { ...sizes, jaccard: jaccardSimilarity(a, b), estimate: equal / (buckets * hashesPerBucket), sharedBuckets }
}
