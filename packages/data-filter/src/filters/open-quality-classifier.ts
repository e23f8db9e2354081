import { type QualityClassifier, qualityClassifier } from './quality-classifier.js'
import { readClassifier } from './quality-classifier-file.js'

/** Opens what a classifier's `save` gave. Throws FormatError where the bytes are another file, or changed. */
export const openQualityClassifier = (
  bytes: Uint8Array,
  { name }: { readonly name?: string } = {},
): QualityClassifier => qualityClassifier(readClassifier(bytes, 'openQualityClassifier'), name)
