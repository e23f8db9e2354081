import xxhash from 'xxhash-wasm'

/** XXH64 of bytes that come in pieces, as 16 hexadecimal digits. */
export interface Checksum {
  update(piece: Uint8Array): void
  digest(): string
}

let loaded: ReturnType<typeof xxhash> | undefined

/** Returns what makes checksums, once the hash is there. */
export async function checksums(): Promise<() => Checksum> {
  loaded ??= xxhash()
  const { create64 } = await loaded
  return () => {
    const hash = create64()
    return {
      update: (piece) => hash.update(piece),
      digest: () => hash.digest().toString(16).padStart(16, '0'),
    }
  }
}

export async function checksumOf(bytes: Uint8Array | string): Promise<string> {
  const checksum = (await checksums())()
  checksum.update(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes)
  return checksum.digest()
}

/** Returns a function that gives XXH64 of bytes as two words, the low one first: for tables of many checksums. */
export async function checksumWords(): Promise<(bytes: Uint8Array) => readonly [low: number, high: number]> {
  loaded ??= xxhash()
  const { h64Raw } = await loaded
  return (bytes) => {
    const hash = h64Raw(bytes)
    return [Number(hash & 0xffffffffn), Number(hash >> 32n)]
  }
}
