import { type Document, memoryStorage, PROFILES, words } from '@almanac/data-filter'
import {
  chooseRemovals,
  dropDuplicates,
  FINEWEB_MINHASH,
  findPairs,
  openMinhasher,
  signDocuments,
} from '@almanac/data-filter/minhash'

/** The documents without near-duplicates of earlier ones: MinHash with FineWeb's parameters, all four stages in memory. */
export async function deduplicate(documents: readonly Document[]): Promise<Document[]> {
  const { normalisation } = PROFILES['fineweb-2024-05']
  const minhasher = await openMinhasher({ ...FINEWEB_MINHASH, normalisation, tokenizer: 'words' }, words)
  const [signatures, pairs, removals] = [memoryStorage(), memoryStorage(), memoryStorage()]
  const shard = { minhasher, documents, rank: 0, inputs: [], signatures }
  await signDocuments({ ...shard, worldSize: 1 })
  for (let bucket = 0; bucket < FINEWEB_MINHASH.buckets; bucket++) await findPairs({ signatures, pairs, bucket })
  await chooseRemovals({ signatures, pairs, removals })
  const kept: Document[] = []
  for await (const document of dropDuplicates({ ...shard, removals })) kept.push(document)
  return kept
}
