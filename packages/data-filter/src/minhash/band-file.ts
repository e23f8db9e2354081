import { type RecordShape, sortRecords } from './record-sort.js'
import type { SignatureConfig } from './signer.js'

/** A record: the bucket's hashes, and the document's place in its shard. All little-endian; 68 bytes for 8 hashes of 64 bits, 36 of 32. */
export function bandShape({ hashesPerBucket, precision = 64 }: Omit<SignatureConfig, 'buckets'>): RecordShape {
  return { stride: (hashesPerBucket * precision) / 32 + 1, hashes: hashesPerBucket, precision }
}

/** datatrove's name: `bucket_003/00012.minhash.sig`. */
export function bandFileName(bucket: number, rank: number): string {
  return `bucket_${`${bucket}`.padStart(3, '0')}/${`${rank}`.padStart(5, '0')}.minhash.sig`
}

/** Beside datatrove's folders, never in them: it takes every file in a bucket's folder for signatures. */
export function bandBlocksName(bucket: number, rank: number): string {
  return `blocks_${`${bucket}`.padStart(3, '0')}/${`${rank}`.padStart(5, '0')}.blocks`
}

/** Gathers the signatures of one shard's documents, bucket by bucket. */
export interface BandCollector {
  /** A signature as a `Signer` gives it. */
  add(document: number, signature: Uint32Array): void
  /** A bucket's records in order of their hashes, then of their documents. */
  records(bucket: number): Uint32Array
}

export function bandCollector(config: SignatureConfig): BandCollector {
  const { buckets } = config
  const shape = bandShape(config)
  const { stride } = shape
  let bands = Array.from({ length: buckets }, () => new Uint32Array(256 * stride))
  let used = 0
  return {
    add(document, signature) {
      if (used === (bands[0] as Uint32Array).length) {
        bands = bands.map((band) => {
          const larger = new Uint32Array(2 * band.length)
          larger.set(band)
          return larger
        })
      }
      for (let bucket = 0; bucket < buckets; bucket++) {
        const band = bands[bucket] as Uint32Array
        const from = bucket * (stride - 1)
        for (let k = 0; k < stride - 1; k++) band[used + k] = signature[from + k] as number
        band[used + stride - 1] = document
      }
      used += stride
    },
    records(bucket) {
      return sortRecords((bands[bucket] as Uint32Array).subarray(0, used), shape)
    },
  }
}
