import type { Document } from '../document.js'
import type { CollectOptions } from './collect-signatures.js'
import { collectSignatures } from './collect-signatures.js'
import type { SignatureManifest } from './signature-manifest.js'
import { signatureRows } from './signature-rows.js'
import type { Signer } from './signer.js'

export interface SignOptions extends Omit<CollectOptions, 'config' | 'rows'> {
  /** A `Minhasher`, or another signer. */
  readonly minhasher: Signer
  readonly documents: AsyncIterable<Document> | Iterable<Document>
}

/**
 * Stage 1: the signatures of one shard's documents, sorted, a file a bucket: `signatureRows`, and `collectSignatures`, whose memory
 * it takes. Throws OptionError.
 */
export function signDocuments({ minhasher, documents, ...rest }: SignOptions): Promise<SignatureManifest> {
  const rowOf = signatureRows(minhasher)
  async function* rows() {
    for await (const document of documents) yield rowOf(document)
  }
  return collectSignatures({ ...rest, config: minhasher.config, rows: rows() })
}
