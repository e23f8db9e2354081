// MinHash's stages over a folder, driven by a line of JSON a request on stdin: makes shards of made-up signatures, finds a
// bucket's pairs, measures pairs on made-up shingles, chooses removals. Answers with seconds and peak memory.
import { createInterface } from 'node:readline'
import { fileStorage } from '@almanac/data-filter/io'
import {
  chooseRemovals,
  FINEWEB_MINHASH,
  findPairs,
  type Minhasher,
  signDocuments,
  verifyPairs,
} from '@almanac/data-filter/minhash'
import { threefry2x32 } from '@almanac/tensor-core'
import { peakBytes } from '../shared/peak-memory.js'

interface Request {
  readonly sign?: { readonly rank: number; readonly worldSize: number; readonly documents: number }
  readonly bucket?: number
  readonly verify?: { readonly documents: number; readonly memoryBytes: number }
  readonly choose?: boolean
}

const { buckets, hashesPerBucket } = FINEWEB_MINHASH
const storage = fileStorage(process.argv[2] as string)
const verified = fileStorage(`${process.argv[2]}-verified`)
const signature = new Uint32Array(2 * buckets * hashesPerBucket)
const id = new Uint32Array(2)

/**
 * The signature of a document of no text: minima as a page of some 500 words has them, of 52 bits. One document in five shares
 * about half its buckets with one before it.
 */
function signatureOf(document: number): Uint32Array {
  const [draw, source] = threefry2x32(1, 0, document, 0)
  const copied = document > 0 && draw % 5 === 0 ? source % document : document
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = (draw >>> (8 + bucket)) & 1 ? copied : document
    // Two words of a generator a bucket, and cheaper ones behind them, which no comparison gets to see.
    const [high, low] = threefry2x32(2, bucket, from, 0)
    for (let k = 0; k < hashesPerBucket; k++) {
      const at = 2 * (bucket * hashesPerBucket + k)
      signature[at] = Math.imul(low ^ k, 0x9e3779b1)
      signature[at + 1] = Math.imul(high ^ k, 0x85ebca6b) >>> 12
    }
  }
  return signature
}

/** 500 hashes of a document of no text; a copy has between half and nearly all of those of the one before it. */
function shinglesOf(document: number): Uint32Array {
  const [draw, source] = threefry2x32(1, 0, document, 0)
  const copied = document > 0 && draw % 5 === 0 ? source % document : document
  const share = 250 + (draw % 250)
  const hashes = new Uint32Array(1000)
  for (let k = 0; k < 500; k++) {
    const from = k < share ? copied : document
    hashes[2 * k] = Math.imul(k + 1, 0x9e3779b1)
    hashes[2 * k + 1] = Math.imul(from ^ (k << 20), 0x85ebca6b)
  }
  return hashes
}

const minhasher: Minhasher = {
  config: { ...FINEWEB_MINHASH, tokenizer: 'made up' },
  signature: (text) => signatureOf(Number(text)),
  signatureOfWords: () => null,
  shingleHashes: (text) => shinglesOf(Number(text)),
  contentId: () => id,
}

function* made(rank: number, documents: number) {
  for (let i = 0; i < documents; i++) yield { id: '', text: `${rank * documents + i}`, metadata: {} }
}

async function answer({ sign, bucket, verify, choose }: Request): Promise<object> {
  if (sign) {
    const { rank, worldSize, documents } = sign
    await signDocuments({
      minhasher,
      documents: made(rank, documents),
      rank,
      worldSize,
      inputs: [],
      signatures: storage,
    })
    return {}
  }
  if (bucket !== undefined) {
    const { pairs } = await findPairs({ signatures: storage, pairs: storage, bucket })
    return { pairs }
  }
  if (verify) {
    const { documents, memoryBytes } = verify
    const options = { signatures: storage, pairs: storage, verified, minhasher, threshold: 0.7, memoryBytes }
    const { measured, joined } = await verifyPairs({ ...options, documents: (rank) => made(rank, documents) })
    return { measured, joined }
  }
  if (!choose) return {}
  const { pairs, clusters, removed } = await chooseRemovals({ signatures: storage, pairs: storage, removals: storage })
  return { pairs, clusters, removed }
}

console.log(JSON.stringify({ version: process.version }))
for await (const line of createInterface({ input: process.stdin })) {
  const begin = performance.now()
  const figures = await answer(JSON.parse(line) as Request)
  const seconds = (performance.now() - begin) / 1000
  console.log(JSON.stringify({ ...figures, seconds, peakMiB: peakBytes() / 2 ** 20 }))
}
