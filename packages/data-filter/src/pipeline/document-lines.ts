import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { type CheckedFile, checkSize, checkSum } from '../minhash/checked-file.js'
import { checksums } from '../minhash/checksum.js'
import type { Storage } from '../storage.js'
import { gunzipped } from './gzip.js'

/**
 * The documents that an earlier stage wrote, one a line of gzipped JSON. Its checksum is compared behind the last one, so nothing may
 * be committed before that. Throws ManifestError where the file is not the one that the manifest names.
 */
export async function* documentLines(storage: Storage, file: CheckedFile): AsyncGenerator<Document> {
  await checkSize(storage, file)
  const sum = (await checksums())()
  async function* pieces() {
    for await (const piece of storage.read(file.name)) {
      sum.update(piece)
      yield piece
    }
  }
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const piece of gunzipped(pieces())) {
      const text = rest + decoder.decode(piece, { stream: true })
      const lines = text.split('\n')
      rest = lines.pop() as string
      for (const line of lines) yield JSON.parse(line) as Document
    }
  } catch (error) {
    throw new ManifestError(
      `${storage.location}/${file.name}`,
      'gzipped lines of JSON, as the stage before wrote them',
      error instanceof Error ? error.message : String(error),
      'Run the stage that wrote it again, and those behind it.',
    )
  }
  checkSum(storage, file, sum.digest())
}
