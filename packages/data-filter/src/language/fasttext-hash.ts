export const HASH_START = 0x811c9dc5 | 0

/** FNV-1a over one byte more. Bytes count as signed: fastText's released models were trained so. */
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ ((byte << 24) >> 24), 16777619)

/** FNV-1a over bytes, as an int32. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = HASH_START
  for (let i = start; i < end; i++) hash = hashByte(hash, bytes[i] as number)
  return hash
}
