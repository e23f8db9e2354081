import { memoryStorage } from '../../src/memory-storage.js'
import type { Reader, ReadOptions, ReadRecord } from '../../src/read-record.js'

/** What a reader gives of a file with these bytes. */
export async function readAll(
  reader: Reader,
  bytes: Uint8Array | string,
  options?: ReadOptions,
  name = 'file',
): Promise<ReadRecord[]> {
  const storage = memoryStorage()
  await storage.write(name, [typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes])
  const records: ReadRecord[] = []
  for await (const record of reader.read(storage, name, options)) records.push(record)
  return records
}

/** A record in a few words: the text, or the reason. */
export const brief = (record: ReadRecord): string =>
  'document' in record ? record.document.text : `(${record.skipped})`

export const reasons = (records: readonly ReadRecord[]): string[] =>
  records.map((record) => ('document' in record ? 'document' : record.skipped))
