import { AsyncIterReader, StatusAndHeadersParser } from 'warcio'
import { joinBytes } from '../join-bytes.js'
import { startsWithBytes } from './find-bytes.js'

export interface HttpResponse {
  readonly contentType: string | undefined
  readonly contentEncoding: string | null
  /** The body out of its chunks, still in its Content-Encoding. */
  readonly body: Uint8Array
  /** Chunks whose sizes do not fit: bytes of the body may be missing, or sizes stand in it. */
  readonly badChunks: boolean
}

const HTTP = new TextEncoder().encode('HTTP/')
const parser = new StatusAndHeadersParser()

/**
 * The HTTP response that a record holds; a block without a status line (of FTP, of DNS) is all body. warcio reads headers and chunks.
 * A body that does not begin with a chunk was taken out of its chunks by the crawler, whatever the header says.
 */
export async function httpResponse(block: Uint8Array): Promise<HttpResponse> {
  if (!startsWithBytes(block, HTTP)) {
    return { contentType: undefined, contentEncoding: null, body: block, badChunks: false }
  }
  const reader = new AsyncIterReader([block], null)
  const headers = (await parser.parse(reader, { headersClass: Headers }))?.headers as Headers | undefined
  const transfer = (headers?.get('transfer-encoding') ?? '').toLowerCase()
  const chunked = /\bchunked\b/.test(transfer)
  const content = chunked ? new AsyncIterReader(reader, null, true) : reader
  const pieces: Uint8Array[] = []
  for await (const piece of content) pieces.push(piece)
  return {
    contentType: headers?.get('content-type') ?? undefined,
    // Transfer-Encoding: gzip, of which servers make little use, means the same to the reader.
    contentEncoding: headers?.get('content-encoding') ?? (chunked ? null : transfer || null),
    body: joinBytes(pieces),
    badChunks: content.errored,
  }
}
