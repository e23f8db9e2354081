import { IN_INDEX } from './pair-reader.js'

/** Why a document goes: which one stays for its cluster, and one document that shares a bucket with it. */
export interface DuplicateReason {
  /** Null where nothing stays, since the cluster is in an index. */
  readonly kept: DocumentPlace | null
  /** Null for a signature in an index. */
  readonly pair: DocumentPlace | null
  readonly bucket: number
  /** Jaccard similarity with the pair's other document, a 32-bit float; null where nobody measured it. */
  readonly similarity: number | null
}

export interface DocumentPlace {
  readonly rank: number
  readonly document: number
}

/** Words of a row of `.provenance`: the document; shard and document of what stays; those of the pair; bucket; similarity. */
export const REASON_WORDS = 7

const floats = new Float32Array(1)
const words = new Uint32Array(floats.buffer)

/** The bits of a similarity; NaN stands for none. */
export function similarityWord(similarity: number | null): number {
  floats[0] = similarity ?? Number.NaN
  return words[0] as number
}

export function similarityOf(word: number): number | null {
  words[0] = word
  const similarity = floats[0] as number
  return Number.isNaN(similarity) ? null : similarity
}

export function reasonRow(document: number, { kept, pair, bucket, similarity }: DuplicateReason): number[] {
  const place = (of: DocumentPlace | null) => (of ? [of.rank, of.document] : [IN_INDEX, IN_INDEX])
  return [document, ...place(kept), ...place(pair), bucket, similarityWord(similarity)]
}

export function reasonAt(rows: Uint32Array, row: number): DuplicateReason {
  const at = (k: number) => rows[REASON_WORDS * row + k] as number
  const place = (k: number) => (at(k) === IN_INDEX ? null : { rank: at(k), document: at(k + 1) })
  return { kept: place(1), pair: place(3), bucket: at(5), similarity: similarityOf(at(6)) }
}
