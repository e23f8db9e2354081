import type { MinhashConfig } from './minhash-config.js'
import { type RecordShape, sortRecords } from './record-sort.js'

/** A record: the bucket's hashes, 64 bits each, and the document's place in its shard. All little-endian; 68 bytes for 8 hashes. */
export function bandShape({ hashesPerBucket }: Pick<MinhashConfig, 'hashesPerBucket'>): RecordShape {
  return { stride: 2 * hashesPerBucket + 1, hashes: hashesPerBucket }
}

/** datatrove's name: `bucket_003/00012.minhash.sig`. */
export function bandFileName(bucket: number, rank: number): string {
  return `bucket_${`${bucket}`.padStart(3, '0')}/${`${rank}`.padStart(5, '0')}.minhash.sig`
}

/** Gathers the signatures of one shard's documents, bucket by bucket. */
export interface BandCollector {
  /** @param signature [2 buckets hashesPerBucket] */
  add(document: number, signature: Uint32Array): void
  /** The bytes of a bucket's file: its records in order of their hashes, then of their documents. */
  file(bucket: number): Uint8Array
}

export function bandCollector(config: Pick<MinhashConfig, 'buckets' | 'hashesPerBucket'>): BandCollector {
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
    file(bucket) {
      return littleEndianBytes(sortRecords((bands[bucket] as Uint32Array).subarray(0, used), shape))
    },
  }
}

/** The words' bytes. JavaScript's typed arrays are little-endian wherever WebAssembly engines run. */
export function littleEndianBytes(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength)
}

/** The words of bytes, copied where they do not begin at a multiple of four. Bytes behind the last whole word are left out. */
export function littleEndianWords(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(bytes.length / 4))
}
