import { ArgumentError } from '@almanac/tensor-core'
import { byteStreamDecoder } from './byte-stream-decoder.js'
import { joinBytes } from './join-bytes.js'
import type { Tokenizer } from './tokenizer.js'

const BYTES = 256

/** One token a byte of UTF-8: no training, no unknown text, and no tokens that begin or end one. */
export function byteTokenizer(): Tokenizer {
  const bytesOf = (id: number): Uint8Array => {
    if (!Number.isInteger(id) || id < 0 || id >= BYTES) {
      throw new ArgumentError('byteTokenizer.decode', `ids from 0 to ${BYTES - 1}`, `${id}`)
    }
    return Uint8Array.of(id)
  }
  return {
    vocabularySize: BYTES,
    bosId: undefined,
    eosId: undefined,
    encode: (text) => [...new TextEncoder().encode(text)],
    decode(ids) {
      const stream = byteStreamDecoder(bytesOf)
      return ids.map((id) => stream.push(id)).join('') + stream.end()
    },
    encodeBytes: (bytes) => [...bytes],
    decodeBytes: (ids) => joinBytes(ids.map(bytesOf)),
    stream: () => byteStreamDecoder(bytesOf),
  }
}
