import type { Document } from '../document.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { type SignatureConfig, type Signer, signatureWords } from './signer.js'

/** Words of a row before its signature: content id, low and high; UTF-16 units of the text; 1 where there is a signature, else 0. */
export const ROW_HEAD = 4

/** Bytes of a document's row: 912 for 112 hashes of 64 bits. */
export const signatureRowBytes = (config: SignatureConfig): number => 4 * (ROW_HEAD + signatureWords(config))

/**
 * Makes a function that gives a document's row: all that stage 1 keeps of it. Rows can be made in any number of places and kept in
 * files one behind the other; `collectSignatures` takes them in the order of the documents. A row has the same size with and
 * without a signature. Little-endian.
 */
export function signatureRows(signer: Signer): (document: Document) => Uint8Array {
  const words = ROW_HEAD + signatureWords(signer.config)
  return (document) => {
    const row = new Uint32Array(words)
    const { text } = document
    const signature = signer.signature(text, document)
    if (signature) row.set(signature, ROW_HEAD)
    row.set(signer.contentId(text))
    row[2] = text.length
    row[3] = signature ? 1 : 0
    return littleEndianBytes(row)
  }
}
