import { ManifestError } from '../data-filter-error.js'
import { joinBytes } from '../join-bytes.js'
import type { ByteRange, Storage, StoredFile } from '../storage.js'
import { checksumOf } from './checksum.js'

/** A file as a manifest has it: it must be these bytes when it is read again. */
export interface CheckedFile extends StoredFile {
  /** XXH64, hexadecimal. */
  readonly checksum: string
}

/** Writes a file and says what it is. */
export async function writeChecked(storage: Storage, name: string, bytes: Uint8Array): Promise<CheckedFile> {
  const file = await storage.write(name, [bytes])
  return { ...file, checksum: await checksumOf(bytes) }
}

/** A file's bytes, whole. Throws StorageError. */
export async function readFile(storage: Storage, name: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const piece of storage.read(name)) parts.push(piece)
  return joinBytes(parts)
}

/** The bytes of a range, whole. Throws ManifestError where the file ends before it. */
export async function readRange(
  storage: Storage,
  file: StoredFile,
  range: Required<ByteRange>,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(range.end - range.start)
  let size = 0
  for await (const piece of storage.read(file.name, range)) {
    bytes.set(piece, size)
    size += piece.length
  }
  if (size === bytes.length) return bytes
  throw changedFile(storage, file, `${range.start + size}`, `${range.end} bytes`)
}

/** Throws ManifestError where the size is another than when the manifest was written. */
export async function checkSize(storage: Storage, file: CheckedFile): Promise<void> {
  const bytes = await storage.size(file.name)
  if (bytes === file.bytes) return
  throw changedFile(storage, file, bytes === null ? 'no such file' : `${bytes} bytes`, `${file.bytes} bytes`)
}

/** Throws ManifestError unless the checksum is the manifest's. */
export function checkSum(storage: Storage, file: CheckedFile, checksum: string): void {
  if (checksum !== file.checksum) throw changedFile(storage, file, checksum, `the checksum ${file.checksum}`)
}

/** A file's bytes, whole, as they were when the manifest was written. Throws ManifestError. */
export async function readChecked(storage: Storage, file: CheckedFile): Promise<Uint8Array> {
  await checkSize(storage, file)
  const bytes = await readFile(storage, file.name)
  checkSum(storage, file, await checksumOf(bytes))
  return bytes
}

/** What a file is that its manifest says something else about. */
export function changedFile(storage: Storage, file: StoredFile, got: string, expected: string): ManifestError {
  return new ManifestError(
    `${storage.location}/${file.name}`,
    `${expected}, as its manifest has it`,
    got,
    'Run the stage that wrote it again, and those behind it.',
  )
}
