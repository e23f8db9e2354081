import { nodeZlib } from './io/node-zlib.js'

let table: Uint32Array | undefined

/** CRC-32 of RFC 1952, section 8. Goes on from `value`. Node's own where there is one (1 byte a table look-up elsewhere). */
export function crc32(bytes: Uint8Array, value = 0): number {
  const native = nodeZlib()?.crc32
  return native ? native(bytes, value) : tableCrc32(bytes, value)
}

export function tableCrc32(bytes: Uint8Array, value = 0): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
    return c
  })
  let crc = ~value
  for (let i = 0; i < bytes.length; i++) crc = (table[(crc ^ (bytes[i] as number)) & 255] as number) ^ (crc >>> 8)
  return ~crc >>> 0
}
