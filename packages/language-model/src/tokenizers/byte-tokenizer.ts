import { ArgumentError } from '@almanac/tensor-core'
import { byteStreamDecoder } from './byte-stream-decoder.js'
import type { Tokenizer } from './tokenizer.js'

const BYTES = 256
const NOTHING = new Uint8Array(0)

/** One token a byte of UTF-8, and one (256) that begins and separates texts: no training, no unknown text. */
export function byteTokenizer(): Tokenizer {
  const bytesOf = (id: number): Uint8Array => {
    if (!Number.isInteger(id) || id < 0 || id > BYTES)
      throw new ArgumentError('byteTokenizer.decode', `ids from 0 to ${BYTES}`, `${id}`)
    return id === BYTES ? NOTHING : Uint8Array.of(id)
  }
  return {
    vocabularySize: BYTES + 1,
    bosId: BYTES,
    eosId: BYTES,
    encode: (text, { bos = true } = {}) => [...(bos ? [BYTES] : []), ...new TextEncoder().encode(text)],
    decode(ids) {
      const stream = byteStreamDecoder(bytesOf)
      return ids.map((id) => stream.push(id)).join('') + stream.end()
    },
    stream: () => byteStreamDecoder(bytesOf),
  }
}
