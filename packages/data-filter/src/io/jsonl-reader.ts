import type { JsonValue } from '../document.js'
import type { Reader, ReadRecord } from '../read-record.js'
import { adaptRecord, type FieldNames } from './adapt-record.js'
import { fileEvents } from './file-events.js'
import { type FileLine, fileLines } from './file-lines.js'
import { readLimits } from './read-limits.js'

/**
 * Reads JSON Lines, plain or gzip, with datatrove's fields: `text`, `id`, `metadata`; others are metadata too. A document without an id
 * is called by its file and the place of its line, from 0 on. Skipped lines: `bad-json`, `bad-charset` (JSON is UTF-8), `bad-record`
 * (JSON of something else), `empty` (no text), `too-large` (not held); `broken-file` for a place where gzip breaks. Every line is a
 * record, whether it is skipped or not.
 */
export function jsonlReader(names: FieldNames = {}): Reader {
  return {
    format: 'jsonl',
    async *read(storage, name, options) {
      const { skip, maxRecordBytes } = readLimits('jsonlReader', options)
      const location = `${storage.location}/${name}`
      const decoder = new TextDecoder('utf-8', { fatal: true })
      let index = 0
      for await (const lines of fileLines(fileEvents(storage, name), maxRecordBytes)) {
        for (const line of lines) {
          if (index >= skip) {
            const where = `${location}, line ${index + 1}`
            yield readLine(line, decoder, names, { location, where, defaultId: `${name}/${index}` }, maxRecordBytes)
          }
          index++
        }
      }
    },
  }
}

function readLine(
  line: FileLine,
  decoder: TextDecoder,
  names: FieldNames,
  source: Parameters<typeof adaptRecord>[2],
  maxBytes: number,
): ReadRecord {
  const skipped = (reason: string, detail: string): ReadRecord => ({ skipped: reason, where: source.where, detail })
  if (line.kind === 'broken') return skipped('broken-file', line.detail)
  if (line.kind === 'too-large') return skipped('too-large', `${line.bytes} bytes, where ${maxBytes} are read`)
  let text: string
  try {
    text = decoder.decode(line.bytes)
  } catch {
    return skipped('bad-charset', 'bytes that are no UTF-8')
  }
  let record: JsonValue
  try {
    record = JSON.parse(text) as JsonValue
  } catch (error) {
    return skipped('bad-json', text.trim() === '' ? 'an empty line' : (error as Error).message)
  }
  return adaptRecord(record, names, source)
}
