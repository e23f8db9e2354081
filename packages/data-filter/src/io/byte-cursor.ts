import { joinBytes } from '../join-bytes.js'

/** A place in a file that moves on; pieces are taken from the source only as they are needed. */
export interface ByteCursor {
  /** Bytes of the source before the cursor. */
  readonly position: number
  /** The bytes from here on that are in memory already; at least one, if the source has any, none at its end. */
  some(): Promise<Uint8Array>
  /** The same with at least `size` bytes; fewer only where the source ends. */
  atLeast(size: number): Promise<Uint8Array>
  /** Goes on; by at most as many bytes as were given last. */
  advance(count: number): void
  close(): Promise<void>
}

/** @param position of the source's first byte in the file */
export function byteCursor(source: AsyncIterable<Uint8Array>, position = 0): ByteCursor {
  const iterator = source[Symbol.asyncIterator]()
  let here: Uint8Array = new Uint8Array(0)
  let done = false
  const more = async (): Promise<Uint8Array | undefined> => {
    while (!done) {
      const { done: atEnd, value } = await iterator.next()
      if (atEnd) done = true
      else if (value.length > 0) return value
    }
    return undefined
  }
  return {
    get position() {
      return position
    },
    async some() {
      if (here.length === 0) here = (await more()) ?? here
      return here
    },
    async atLeast(size) {
      if (here.length >= size || done) return here
      const pieces = [here]
      for (let have = here.length; have < size; ) {
        const piece = await more()
        if (!piece) break
        pieces.push(piece)
        have += piece.length
      }
      here = joinBytes(pieces.filter((piece) => piece.length > 0))
      return here
    },
    advance(count) {
      here = here.subarray(count)
      position += count
    },
    async close() {
      if (!done) await iterator.return?.()
      done = true
    },
  }
}
