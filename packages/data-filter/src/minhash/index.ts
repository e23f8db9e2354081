export * from './band-file.js'
export * from './choose-removals.js'
export * from './collect-signatures.js'
export * from './drop-duplicates.js'
export type { DocumentPlace, DuplicateReason } from './duplicate-reason.js'
export * from './find-pairs.js'
export { adoptIndex, type IndexManifest } from './index-file.js'
export * from './jaccard.js'
export * from './minhash-config.js'
export * from './minhash-parameters.js'
export * from './minhasher.js'
export { type PairManifest, type PairVerification, readPairManifest } from './pair-manifest.js'
export { readPairs } from './pair-reader.js'
export { type RemovalManifest, readRemovalManifest } from './removal-manifest.js'
export * from './shingles.js'
export * from './sign-documents.js'
export {
  readSignatureManifest,
  readSignatureSet,
  type SignatureManifest,
  type SignatureSet,
} from './signature-manifest.js'
export * from './signature-rows.js'
export * from './signer.js'
export * from './simplify-text.js'
export * from './verify-pairs.js'
