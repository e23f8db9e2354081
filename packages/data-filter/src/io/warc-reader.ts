import type { JsonValue } from '../document.js'
import type { Reader, ReadRecord } from '../read-record.js'
import type { Storage } from '../storage.js'
import { decodeContent } from './decode-content.js'
import { decodeText } from './decode-text.js'
import { fileEvents, isGzip } from './file-events.js'
import { httpResponse } from './http-response.js'
import { readLimits } from './read-limits.js'
import { sniffPage } from './sniff-page.js'
import { type WarcFrame, warcFrames } from './warc-frames.js'

type RecordFrame = Extract<WarcFrame, { kind: 'record' }>

/** Types of a payload that are pages: datatrove 0.10, readers/warc.py. */
const PAGE_TYPES = new Set(['text/html', 'application/xhtml+xml'])

/**
 * Reads WARC and WET files, plain or gzip, a member for each record or not. Pages (`response`) and texts (`conversion`) are documents
 * by the rules of datatrove 0.10: of the payload type that the crawler identified, or by their first bytes; named by WARC-Record-ID,
 * with `url`, `date`, `file_path` and `content_type` in their metadata. What else stands in the file is skipped and says why:
 *
 * - `other-record`: no page and no text; metadata, requests, revisits.
 * - `not-html`: a payload of another type.
 * - `too-large`: more than `maxRecordBytes`, as it stands in the file or when it is decoded; no more than that is held.
 * - `bad-body`: a body that is not in its Content-Encoding, or chunks whose sizes do not fit.
 * - `bad-charset`: bytes that are text in no charset that the page, its header or statistics name.
 * - `empty`: no body, or one of white space.
 * - `broken-file`: a place where no record is, or one that is not whole. Records behind it are read.
 */
export function warcReader(): Reader {
  return {
    format: 'warc',
    async *read(storage, name, options) {
      const { skip, maxRecordBytes } = readLimits('warcReader', options)
      let index = 0
      const wants = (headers: Headers, blockBytes: number): boolean =>
        index >= skip && blockBytes <= maxRecordBytes && hasText(headers) && mayBePage(headers)
      for await (const frame of warcFrames(fileEvents(storage, name), wants, await plainFile(storage, name))) {
        if (index >= skip) {
          const source = { location: `${storage.location}/${name}`, id: `${name}/${index}` }
          const where = `${source.location}, record ${index}, byte ${frame.offset}`
          yield await readFrame(frame, source, where, maxRecordBytes)
        }
        index++
      }
    },
  }
}

async function plainFile(storage: Storage, name: string) {
  if (await isGzip(storage, name)) return undefined
  const size = await storage.size(name)
  if (size === null || name.endsWith('.gz')) return undefined
  return {
    size,
    async *events(start: number) {
      for await (const bytes of storage.read(name, { start })) yield { kind: 'bytes', bytes } as const
    },
  }
}

const typeOf = (headers: Headers): string => headers.get('warc-type') ?? ''
const hasText = (headers: Headers): boolean => typeOf(headers) === 'response' || typeOf(headers) === 'conversion'

function mayBePage(headers: Headers): boolean {
  const identified = headers.get('warc-identified-payload-type')
  return identified === null || isPageType(identified, typeOf(headers))
}

const isPageType = (type: string, recordType: string): boolean =>
  PAGE_TYPES.has(type) || (recordType === 'conversion' && type === 'text/plain')

async function readFrame(
  frame: WarcFrame,
  source: { readonly location: string; readonly id: string },
  where: string,
  maxRecordBytes: number,
): Promise<ReadRecord> {
  const skipped = (reason: string, detail: string): ReadRecord => ({ skipped: reason, where, detail })
  if (frame.kind === 'broken') return skipped('broken-file', frame.detail)
  const { headers, block, blockBytes } = frame
  const type = typeOf(headers)
  if (!hasText(headers)) return skipped('other-record', type)
  const identified = headers.get('warc-identified-payload-type')
  if (!mayBePage(headers)) return skipped('not-html', identified ?? '')
  if (!block) return skipped('too-large', `${blockBytes} bytes, where ${maxRecordBytes} are read`)

  const { contentType, contentEncoding, body, badChunks } = await httpResponse(block)
  if (badChunks) return skipped('bad-body', 'chunks whose sizes do not fit')
  const truncated = headers.has('warc-truncated')
  const content = await decodeContent(body, contentEncoding, { maxBytes: maxRecordBytes, truncated })
  if ('skipped' in content) return skipped(content.skipped, content.detail)
  if (content.bytes.length === 0) return skipped('empty', 'no body')
  const payloadType = identified ?? sniffPage(content.bytes)
  if (!isPageType(payloadType, type)) return skipped('not-html', payloadType)
  const decoded = decodeText(content.bytes, contentType)
  if (!decoded) return skipped('bad-charset', contentType ?? 'no charset named, none found')
  if (!/\S/.test(decoded.text)) return skipped('empty', 'white space alone')
  return {
    document: {
      id: recordId(frame, source.id),
      text: decoded.text,
      metadata: metadataOf(frame, payloadType, source.location),
    },
  }
}

const recordId = ({ headers }: RecordFrame, otherwise: string): string => headers.get('warc-record-id') || otherwise

function metadataOf({ headers }: RecordFrame, payloadType: string, location: string): Record<string, JsonValue> {
  // The second names are those of old crawls.
  const url = headers.get('warc-target-uri') || headers.get('uri')
  const date = headers.get('warc-date') || headers.get('archive-date')
  return {
    // wget puts addresses in angle brackets.
    ...(url && { url: url.replace(/^<(.*)>$/, '$1') }),
    ...(date && { date }),
    file_path: location,
    content_type: PAGE_TYPES.has(payloadType) ? 'text/html' : payloadType,
  }
}
