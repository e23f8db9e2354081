import { FormatError, ManifestError } from '../data-filter-error.js'
import { checkSize, checkSum, readChecked } from '../manifest/checked-file.js'
import { checksums } from '../manifest/checksum.js'
import { littleEndianBytes, littleEndianWords } from '../manifest/little-endian.js'
import type { Storage } from '../storage.js'
import { type PairManifest, pairManifestName, readPairManifest } from './pair-manifest.js'
import type { SignatureSet } from './signature-manifest.js'

/** What datatrove writes for shard and document of something that is in an index. */
export const IN_INDEX = 0xffffffff

/** A piece of a file of pairs. */
export interface PairPiece {
  /** Shard and document of both, four words a pair. */
  readonly words: Uint32Array
  /** One a pair; null where nobody measured. */
  readonly similarities: Float32Array | null
  readonly bucket: number
  /** The file, for messages. */
  readonly where: string
}

/**
 * The pairs of all buckets and parts, in their order. Reading throws ManifestError where a manifest is missing or of other
 * signatures, or a file is another than when it was written.
 */
export async function* readAllPairs(
  storage: Storage,
  { config, fingerprint }: Pick<SignatureSet, 'config' | 'fingerprint'>,
): AsyncGenerator<PairPiece> {
  const newChecksum = await checksums()
  let similar: string | null = null
  for (let bucket = 0; bucket < config.buckets; bucket++) {
    let first: PairManifest | null = null
    for (let part = 0, parts = 1; part < parts; part++) {
      const manifest = await readPairManifest(storage, bucket, part)
      const manifestName = `${storage.location}/${pairManifestName(bucket, part)}`
      if (manifest.signatures !== fingerprint) {
        throw new ManifestError(
          manifestName,
          `pairs of the signatures ${fingerprint}`,
          `pairs of ${manifest.signatures}`,
          'Signatures were made again since: run stage 2 again too.',
        )
      }
      first ??= manifest
      if (manifest.parts !== first.parts) {
        throw new ManifestError(
          manifestName,
          `part ${part} of ${first.parts}`,
          `part ${manifest.part} of ${manifest.parts}`,
          'Run all parts of this bucket with one number of parts.',
        )
      }
      const how = JSON.stringify([manifest.verified?.threshold ?? null, manifest.index?.onlyIndex ?? null])
      similar ??= how
      if (how !== similar || JSON.stringify(manifest.index) !== JSON.stringify(first.index)) {
        throw new ManifestError(
          manifestName,
          'pairs found with the index and the threshold of the others',
          `threshold and index ${how} beside ${similar}, or other files of an index`,
          'Run stage 2 again for all buckets and parts, with one index.',
        )
      }
      parts = manifest.parts
      await checkSize(storage, manifest.file)
      const { verified } = manifest
      const measured = verified && littleEndianWords(await readChecked(storage, verified.similarities))
      const similarities = measured && new Float32Array(measured.buffer, measured.byteOffset, measured.length)
      const sum = newChecksum()
      const where = `${storage.location}/${manifest.file.name}`
      let pairs = 0
      for await (const words of readPairs(storage, manifest.file.name)) {
        sum.update(littleEndianBytes(words))
        const from = pairs
        pairs += words.length / 4
        yield { words, similarities: similarities?.subarray(from, pairs) ?? null, bucket, where }
      }
      checkSum(storage, manifest.file, sum.digest())
    }
  }
}

/** The pairs of a file that stage 2 or datatrove wrote, as words, four a pair. Throws FormatError where the last one is cut. */
export async function* readPairs(storage: Storage, name: string): AsyncGenerator<Uint32Array> {
  let rest = new Uint8Array(0)
  for await (const piece of storage.read(name)) {
    const bytes = new Uint8Array(rest.length + piece.length)
    bytes.set(rest)
    bytes.set(piece, rest.length)
    const whole = bytes.length - (bytes.length % 16)
    rest = bytes.slice(whole)
    yield new Uint32Array(bytes.buffer, 0, whole / 4)
  }
  if (rest.length > 0) {
    throw new FormatError(`${storage.location}/${name}`, 'pairs of 16 bytes', `${rest.length} bytes behind the last`)
  }
}
