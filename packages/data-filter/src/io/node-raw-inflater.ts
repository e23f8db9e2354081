import { InflateError, type RawInflater } from './raw-inflater.js'

/** Pieces that come out have at most this many bytes. */
const PIECE = 65536

type Zlib = typeof import('node:zlib')

/** A raw inflater on Node's zlib. One piece is inflated ahead of the reader, no more. */
export function nodeRawInflater(zlib: Zlib): RawInflater {
  const stream = zlib.createInflateRaw({ chunkSize: PIECE })
  let failure: Error | undefined
  let written = true
  let ended = false
  let consumed = 0
  let wake = (): void => {}
  stream.on('error', (error) => {
    failure = error
    wake()
  })
  stream.on('end', () => {
    ended = true
    wake()
  })
  stream.on('readable', () => wake())
  return {
    async *inflate(input) {
      const before = stream.bytesWritten
      written = false
      stream.write(input, () => {
        written = true
        wake()
      })
      for (;;) {
        const piece = stream.read() as Uint8Array | null
        if (piece) {
          yield piece
          continue
        }
        if (failure) throw new InflateError(failure.message)
        if (ended || written) break
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      consumed = stream.bytesWritten - before
    },
    get consumed() {
      return consumed
    },
    get ended() {
      return ended
    },
    close: () => void stream.destroy(),
  }
}
