import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { type CheckedFile, checkSize, checkSum } from '../minhash/checked-file.js'
import { checksums } from '../minhash/checksum.js'
import type { Storage } from '../storage.js'
import { gunzipped } from './gzip.js'

/** The documents that an earlier stage wrote; see `jsonLines`. */
export const documentLines = (storage: Storage, file: CheckedFile): AsyncGenerator<Document> =>
  jsonLines<Document>(storage, file)

/**
 * What an earlier stage wrote, one value a line of gzipped JSON. The file's checksum is compared behind the last one, so nothing may
 * be committed before that. Throws ManifestError where the file is not the one that the manifest names.
 */
export async function* jsonLines<T>(storage: Storage, file: CheckedFile): AsyncGenerator<T> {
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
      for (const line of lines) yield JSON.parse(line) as T
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
