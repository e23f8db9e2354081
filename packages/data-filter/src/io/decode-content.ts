import { joinBytes } from '../join-bytes.js'
import { startsWithBytes } from './find-bytes.js'
import { GZIP_MAGIC } from './gzip-header.js'
import { nodeZlib } from './node-zlib.js'
import { sniffPage } from './sniff-page.js'

/** The bytes of a body, or why there are none: `too-large`, `bad-body`. */
export type DecodedContent =
  | { readonly bytes: Uint8Array }
  | { readonly skipped: 'too-large' | 'bad-body'; readonly detail: string }

/** Nobody encodes more often; a header with a thousand encodings is no work. */
const MAX_ENCODINGS = 3

export interface DecodeContentOptions {
  readonly maxBytes: number
  /** Whether the body is known to break off: what can be decoded of it is enough then. */
  readonly truncated?: boolean
}

/**
 * Undoes `Content-Encoding` (RFC 9110, section 8.4): gzip, deflate, and br where there is Node. What comes out is never more than
 * `maxBytes`, nor held. Crawlers write bodies that they have decoded under the header that says otherwise: such a body stays as it is.
 */
export async function decodeContent(
  body: Uint8Array,
  encoding: string | null,
  options: DecodeContentOptions,
): Promise<DecodedContent> {
  const encodings = (encoding ?? '').toLowerCase().split(',').slice(0, MAX_ENCODINGS)
  let bytes = body
  for (const name of encodings.map((part) => part.trim()).reverse()) {
    if (bytes.length === 0) break
    if (/^(?:x-)?gzip$/.test(name)) {
      if (!startsWithBytes(bytes, GZIP_MAGIC)) continue
    } else if (name !== 'deflate' && name !== 'br') continue
    const decoded = await decodeOnce(bytes, name === 'br' || name === 'deflate' ? name : 'gzip', options)
    if ('bytes' in decoded) bytes = decoded.bytes
    else if (decoded.skipped === 'bad-body' && name !== 'gzip' && sniffPage(bytes) === 'text/html') continue
    else return decoded
  }
  return bytes.length <= options.maxBytes ? { bytes } : tooLarge(options.maxBytes)
}

const tooLarge = (maxBytes: number): DecodedContent => ({
  skipped: 'too-large',
  detail: `more than ${maxBytes} bytes`,
})

async function decodeOnce(
  bytes: Uint8Array,
  encoding: 'gzip' | 'deflate' | 'br',
  options: DecodeContentOptions,
): Promise<DecodedContent> {
  // A zlib stream has a header whose first two bytes are a multiple of 31; some servers send deflate without it.
  const raw =
    encoding === 'deflate' && (((bytes[0] as number) & 15) !== 8 || (256 * (bytes[0] as number) + (bytes[1] ?? 0)) % 31)
  try {
    const zlib = nodeZlib()
    if (!zlib) return await inWebStream(bytes, encoding, Boolean(raw), options)
    const { Z_SYNC_FLUSH, Z_FINISH, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH } = zlib.constants
    const shared = { maxOutputLength: options.maxBytes }
    if (encoding === 'br') {
      const finishFlush = options.truncated ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH
      return { bytes: zlib.brotliDecompressSync(bytes, { ...shared, finishFlush }) }
    }
    const inflate = encoding === 'gzip' ? zlib.gunzipSync : raw ? zlib.inflateRawSync : zlib.inflateSync
    return { bytes: inflate(bytes, { ...shared, finishFlush: options.truncated ? Z_SYNC_FLUSH : Z_FINISH }) }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(options.maxBytes)
    return { skipped: 'bad-body', detail: `bytes that are no ${encoding} (${message})` }
  }
}

async function inWebStream(
  bytes: Uint8Array,
  encoding: 'gzip' | 'deflate' | 'br',
  raw: boolean,
  { maxBytes, truncated }: DecodeContentOptions,
): Promise<DecodedContent> {
  if (encoding === 'br') return { skipped: 'bad-body', detail: 'bytes in br, which only Node can decode' }
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream(raw ? 'deflate-raw' : encoding))
  const reader = stream.getReader()
  const pieces: Uint8Array[] = []
  try {
    for (let size = 0; ; ) {
      const { done, value } = await reader.read()
      if (done) break
      size += value.length
      if (size > maxBytes) {
        await reader.cancel()
        return tooLarge(maxBytes)
      }
      pieces.push(value)
    }
  } catch (error) {
    if (!truncated || pieces.length === 0) throw error
  }
  return { bytes: joinBytes(pieces) }
}
