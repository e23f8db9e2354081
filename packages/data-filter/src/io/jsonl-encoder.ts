import { crc32 } from '../crc32.js'
import { OptionError } from '../data-filter-error.js'
import { joinBytes } from '../join-bytes.js'
import type { DocumentEncoder } from './document-encoder.js'
import { jsonlLine } from './jsonl-line.js'
import { nodeZlib } from './node-zlib.js'

export interface JsonlEncoderOptions {
  /** Off unless given. */
  readonly gzip?: boolean
  /** Of compression, 1 to 9; 6 unless given. Browsers know one only. */
  readonly level?: number
}

/** Lines are compressed this many bytes at a time. */
const BLOCK = 2 ** 20
/** What text is compressed to before anything is known of it. */
const FIRST_RATIO = 1 / 3
/** Magic, deflate, no flags, no time, no extra flags, an unknown system. */
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)

/**
 * JSON Lines in datatrove's shape, which its readers and this package's take. gzip is one member (RFC 1952) without time or name; each
 * MiB is deflated for itself and they stand one after another in one stream, as pigz does. Throws OptionError.
 */
export function jsonlEncoder({ gzip = false, level = 6 }: JsonlEncoderOptions = {}): DocumentEncoder {
  if (!Number.isInteger(level) || level < 1 || level > 9) {
    throw new OptionError('jsonlEncoder: level', 'a whole number from 1 to 9', String(level), 'Leave it out for 6.')
  }
  const zlib = gzip ? nodeZlib() : undefined
  const encoder = new TextEncoder()
  let open: Uint8Array[] = []
  let openBytes = 0
  let rawBytes = 0
  let crc = 0
  let done: Uint8Array[] = zlib ? [GZIP_HEADER] : []
  let doneBytes = zlib ? GZIP_HEADER.length : 0
  const put = (bytes: Uint8Array): void => {
    done.push(bytes)
    doneBytes += bytes.length
  }
  const closeBlock = (last: boolean): void => {
    const block = joinBytes(open)
    open = []
    openBytes = 0
    rawBytes += block.length
    if (!zlib) return put(block)
    crc = crc32(block, crc)
    // A flush ends a block on a byte, and the stream goes on.
    const finishFlush = last ? zlib.constants.Z_FINISH : zlib.constants.Z_SYNC_FLUSH
    put(zlib.deflateRawSync(block, { level, finishFlush }))
  }
  return {
    add(document) {
      const line = encoder.encode(jsonlLine(document))
      open.push(line)
      openBytes += line.length
      // Without Node, gzip comes at the end.
      if (openBytes >= BLOCK && !(gzip && !zlib)) closeBlock(false)
    },
    get bytes() {
      if (!zlib) return doneBytes + openBytes
      return doneBytes + Math.round(openBytes * (rawBytes > 0 ? doneBytes / rawBytes : FIRST_RATIO))
    },
    take: () => done.splice(0),
    async finish() {
      closeBlock(true)
      if (zlib) {
        const trailer = new DataView(new ArrayBuffer(8))
        trailer.setUint32(0, crc, true)
        trailer.setUint32(4, rawBytes % 2 ** 32, true)
        put(new Uint8Array(trailer.buffer))
      }
      const rest = joinBytes(done)
      done = []
      return gzip && !zlib ? webGzip(rest) : rest
    },
  }
}

async function webGzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
