type Zlib = typeof import('node:zlib')

/** A stream that gives more is inflated in pieces. */
const MAX_OUTPUT = 2 ** 22

/**
 * A raw deflate stream that lies in memory to its end, inflated at once in this thread: for the short members of WARC files, for which
 * a stream in another thread takes longer to begin than to do. Null where the bytes are not a whole stream, or give more than 4 MiB.
 */
export function nodeInflateWhole(zlib: Zlib, bytes: Uint8Array): { bytes: Uint8Array; consumed: number } | null {
  try {
    // Of the option `info`, which Node documents, its types know nothing in the result.
    const { buffer, engine } = zlib.inflateRawSync(bytes, {
      info: true,
      maxOutputLength: MAX_OUTPUT,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return { bytes: buffer, consumed: engine.bytesWritten }
  } catch {
    return null
  }
}
