import { checksums } from '../manifest/checksum.js'
import { littleEndianBytes } from '../manifest/little-endian.js'
import { writeManifest } from '../manifest/manifest-file.js'
import type { Storage } from '../storage.js'
import { similarityWord } from './duplicate-reason.js'
import {
  type PairManifest,
  pairFileName,
  pairManifest,
  pairManifestName,
  rejectedName,
  similaritiesName,
} from './pair-manifest.js'
import { streamedFile } from './streamed-file.js'

/** Writes the measured pairs of a bucket: datatrove's file of those that are similar enough, and our own beside it. */
export interface PairWriter {
  /** A similarity of null is of a pair with an index, which is kept. */
  add(pair: readonly [number, number, number, number], similarity: number | null): Promise<void> | null
  finish(head: Pick<PairManifest, 'signatures' | 'index'>): Promise<PairManifest>
  abort(error: unknown): Promise<void>
}

const WORDS_PER_PIECE = 4096

export async function pairWriter(storage: Storage, bucket: number, threshold: number): Promise<PairWriter> {
  const newChecksum = await checksums()
  const wordFile = (name: string) => {
    const [file, sum] = [streamedFile(storage, name), newChecksum()]
    let words: number[] = []
    const flush = () => {
      const bytes = littleEndianBytes(Uint32Array.from(words))
      words = []
      sum.update(bytes)
      return file.push(bytes)
    }
    return {
      add(...more: readonly number[]) {
        words.push(...more)
        return words.length >= WORDS_PER_PIECE ? flush() : null
      },
      async finish() {
        if (words.length > 0) await flush()
        return { ...(await file.finish()), checksum: sum.digest() }
      },
      abort: file.abort,
    }
  }
  const files = [pairFileName(bucket, 0), similaritiesName(bucket), rejectedName(bucket)].map(wordFile)
  const [pairFile, similarityFile, rejectedFile] = files as [WordFile, WordFile, WordFile]
  type WordFile = ReturnType<typeof wordFile>
  let [pairs, rejected] = [0, 0]
  return {
    add(pair, similarity) {
      if (similarity !== null && similarity < threshold) {
        rejected++
        return rejectedFile.add(...pair, similarityWord(similarity))
      }
      pairs++
      const waits = [pairFile.add(...pair), similarityFile.add(similarityWord(similarity))].filter(
        (wait) => wait !== null,
      )
      return waits.length > 0 ? Promise.all(waits).then(() => {}) : null
    },
    async finish(head) {
      const [file, similarities, refused] = [
        await pairFile.finish(),
        await similarityFile.finish(),
        await rejectedFile.finish(),
      ]
      const verified = { threshold, similarities, rejected, rejectedFile: refused }
      const manifest = pairManifest({ ...head, bucket, part: 0, parts: 1, pairs, file, verified })
      await writeManifest(storage, pairManifestName(bucket, 0), manifest)
      return manifest
    },
    async abort(error) {
      for (const file of files) await file.abort(error)
    },
  }
}
