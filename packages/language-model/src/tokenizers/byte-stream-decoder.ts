import type { StreamDecoder } from './tokenizer.js'

/** A stream decoder from a function that gives the bytes of an id; the position in the text (0, 1, ...) comes with it. */
export function byteStreamDecoder(bytesOf: (id: number, position: number) => Uint8Array): StreamDecoder {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let position = 0
  return {
    push: (id) => decoder.decode(bytesOf(id, position++), { stream: true }),
    end: () => decoder.decode(),
  }
}
