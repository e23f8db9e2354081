import { ManifestError } from '../data-filter-error.js'
import type { Document } from '../document.js'
import { gunzipMembers } from '../io/gunzip-members.js'
import { joinBytes } from '../join-bytes.js'
import { type CheckedFile, checkSize, checkSum } from '../manifest/checked-file.js'
import { checksums } from '../manifest/checksum.js'
import type { Storage } from '../storage.js'

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
  async function* pieces(start: number) {
    for await (const piece of storage.read(file.name, { start })) {
      sum.update(piece)
      yield piece
    }
  }
  const broken = (detail: string) =>
    new ManifestError(
      `${storage.location}/${file.name}`,
      'gzipped lines of JSON, as the stage before wrote them',
      detail,
      'Run the stage that wrote it again, and those behind it.',
    )
  // A segment is a gzip member; its lines are given when its own checksum has been compared.
  let member: Uint8Array[] = []
  function* lines(): Generator<T> {
    const text = new TextDecoder().decode(joinBytes(member))
    member = []
    for (const line of text.split('\n')) {
      if (line === '') continue
      let value: T
      try {
        value = JSON.parse(line)
      } catch (error) {
        throw broken(error instanceof Error ? error.message : String(error))
      }
      yield value
    }
  }
  for await (const event of gunzipMembers(pieces)) {
    if (event.kind === 'broken') throw broken(event.detail)
    if (event.kind === 'bytes') member.push(event.bytes)
    else yield* lines()
  }
  yield* lines()
  checkSum(storage, file, sum.digest())
}
