export * from './band-file.js'
export * from './choose-removals.js'
export * from './drop-duplicates.js'
export * from './find-pairs.js'
export * from './jaccard.js'
export * from './minhash-config.js'
export * from './minhash-parameters.js'
export * from './minhasher.js'
export { type PairManifest, readPairManifest } from './pair-manifest.js'
export { type RemovalManifest, readRemovalManifest } from './removal-manifest.js'
export * from './shingles.js'
export * from './sign-documents.js'
export {
  readSignatureManifest,
  readSignatureSet,
  type SignatureManifest,
  type SignatureSet,
} from './signature-manifest.js'
export * from './simplify-text.js'
