import { gzipSync } from 'node:zlib'
import { WARCRecord, WARCSerializer } from 'warcio'

export interface RecordToWrite {
  readonly type?: 'response' | 'conversion' | 'request' | 'warcinfo' | 'revisit' | 'metadata'
  readonly url?: string
  readonly id?: string
  readonly body: string | Uint8Array
  readonly http?: Readonly<Record<string, string>>
  readonly warc?: Readonly<Record<string, string>>
}

/** A record as warcio writes it, uncompressed. */
export async function warcRecord(record: RecordToWrite): Promise<Uint8Array> {
  const { type = 'response', url = 'http://a.example/', id, body, http = {}, warc = {} } = record
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const written = WARCRecord.create(
    {
      url,
      type,
      date: '2024-05-18T01:58:10Z',
      warcHeaders: { ...(id && { 'WARC-Record-ID': id }), ...warc },
      httpHeaders: type === 'conversion' ? {} : { 'Content-Type': 'text/html', ...http },
    },
    [bytes],
  )
  return WARCSerializer.serialize(written)
}

/** A file of these records: plain, or with a gzip member for each. */
export async function warcFile(records: readonly (RecordToWrite | Uint8Array)[], gzip: boolean): Promise<Uint8Array> {
  const parts = await Promise.all(
    records.map(async (record) => {
      const bytes = record instanceof Uint8Array ? record : await warcRecord(record)
      return gzip ? gzipSync(bytes) : bytes
    }),
  )
  return Buffer.concat(parts)
}
