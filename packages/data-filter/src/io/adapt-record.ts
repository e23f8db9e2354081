import type { JsonValue } from '../document.js'
import type { ReadRecord } from '../read-record.js'

/** Which fields of a record hold what: datatrove's names. */
export interface FieldNames {
  /** `text` unless given. */
  readonly textKey?: string
  /** `id` unless given. */
  readonly idKey?: string
}

export interface RecordSource {
  /** The file with its storage, which becomes `file_path`. */
  readonly location: string
  readonly where: string
  /** What the document is called unless it says so itself. */
  readonly defaultId: string
}

type Fields = Readonly<Record<string, JsonValue>>

/**
 * A document of a record with fields, as the default adapter of datatrove 0.10 makes it (readers/base.py): the text, the id,
 * the fields of `metadata` (an object, or JSON of one), and over them all other fields. A `media` list goes with the others, where it
 * holds anything. Skipped: `empty` without a text, `bad-record` where the text is no string.
 */
export function adaptRecord(record: JsonValue, names: FieldNames, source: RecordSource): ReadRecord {
  const { where, defaultId, location } = source
  const skipped = (reason: string, detail: string): ReadRecord => ({ skipped: reason, where, detail })
  if (!isObject(record)) return skipped('bad-record', `expected an object, got ${kindOf(record)}`)
  const { textKey = 'text', idKey = 'id' } = names
  const { [textKey]: text, [idKey]: id, metadata, media, ...others } = record
  if (text === undefined || text === null || text === '') {
    return skipped('empty', `no text in the field ${textKey}; there are ${Object.keys(record).join(', ') || 'none'}`)
  }
  if (typeof text !== 'string')
    return skipped('bad-record', `expected a text in the field ${textKey}, got ${kindOf(text)}`)
  const hasMedia = media !== undefined && !(Array.isArray(media) && media.length === 0)
  return {
    document: {
      id: id === undefined || id === null ? defaultId : typeof id === 'string' ? id : JSON.stringify(id),
      text,
      metadata: { file_path: location, ...metadataFields(metadata), ...(hasMedia && { media }), ...others },
    },
  }
}

function metadataFields(metadata: JsonValue | undefined): Fields {
  if (metadata === undefined) return {}
  let value = metadata
  if (typeof metadata === 'string') {
    try {
      value = JSON.parse(metadata) as JsonValue
    } catch {}
  }
  return isObject(value) ? value : { metadata: value }
}

const isObject = (value: JsonValue): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
