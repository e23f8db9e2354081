import type { Reader, ReadRecord } from '../read-record.js'
import type { Storage } from '../storage.js'
import { decodeText } from './decode-text.js'
import { readLimits } from './read-limits.js'
import { wholeFile } from './whole-file.js'

/** A reader of files that are one document each. */
export function fileDocumentReader(format: string, where: string, contentType: string | undefined): Reader {
  return {
    format,
    async *read(storage, name, options) {
      const { skip, maxRecordBytes } = readLimits(where, options)
      if (skip === 0) yield await readFile(storage, name, contentType, maxRecordBytes)
    },
  }
}

async function readFile(
  storage: Storage,
  name: string,
  contentType: string | undefined,
  maxBytes: number,
): Promise<ReadRecord> {
  const location = `${storage.location}/${name}`
  const skipped = (reason: string, detail: string): ReadRecord => ({ skipped: reason, where: location, detail })
  const file = await wholeFile(storage, name, maxBytes)
  if ('skipped' in file) return skipped(file.skipped, file.detail)
  const decoded = decodeText(file.bytes)
  if (!decoded) return skipped('bad-charset', 'no charset named, none found')
  if (!/\S/.test(decoded.text)) return skipped('empty', file.bytes.length === 0 ? 'no bytes' : 'white space alone')
  const metadata = { file_path: location, ...(contentType && { content_type: contentType }) }
  return { document: { id: name, text: decoded.text, metadata } }
}
