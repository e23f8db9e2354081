import { byteReader } from '../byte-reader.js'
import { crc32 } from '../crc32.js'
import { FormatError } from '../data-filter-error.js'
import type { ClassifierParts } from './quality-classifier.js'

const MAGIC = 'ALMQUAL1'
const KINDS = ['probability', 'score'] as const
/** Magic, kind, n-grams, buckets, bias; then a weight for each bucket, and the checksum. */
const HEAD = MAGIC.length + 16

/**
 * The file of a classifier, little-endian: `ALMQUAL1`; int32 kind (0 probability, 1 score); int32 n-grams; int32 buckets;
 * float32 bias; float32 weights; CRC-32 of all before.
 */
export function saveClassifier({ kind, ngrams, bias, weights }: ClassifierParts): Uint8Array {
  const bytes = new Uint8Array(HEAD + 4 * weights.length + 4)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(MAGIC))
  view.setInt32(8, KINDS.indexOf(kind), true)
  view.setInt32(12, ngrams, true)
  view.setInt32(16, weights.length, true)
  view.setFloat32(20, bias, true)
  weights.forEach((weight, i) => view.setFloat32(HEAD + 4 * i, weight, true))
  view.setInt32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true)
  return bytes
}

/** Reads it again. Throws FormatError where the bytes are another file, or changed. */
export function readClassifier(bytes: Uint8Array, where: string): ClassifierParts {
  const reader = byteReader(bytes, where)
  const magic = new TextDecoder().decode(reader.bytes(MAGIC.length, 'a head'))
  if (magic !== MAGIC) {
    throw new FormatError(
      where,
      `a classifier, which begins with ${MAGIC}`,
      JSON.stringify(magic),
      'Make one with save().',
    )
  }
  const [kind, ngrams, buckets] = [KINDS[reader.int32()], reader.int32(), reader.int32()]
  const bias = (reader.floats(1, 'a bias')[0] ?? 0) as number
  const weights = reader.floats(buckets, 'weights')
  const stored = reader.int32() >>> 0
  const computed = crc32(bytes.subarray(0, HEAD + 4 * buckets))
  if (stored !== computed || reader.left() > 0 || !kind || ngrams < 1) {
    throw new FormatError(
      where,
      `checksum ${hex(computed)} at the end`,
      `${hex(stored)}${reader.left() > 0 ? ` and ${reader.left()} bytes more` : ''}`,
      'The file was changed or cut; save it again.',
    )
  }
  return { kind, ngrams, bias, weights }
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
