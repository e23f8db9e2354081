/** Bytes that can be read at any place: a file, a Blob, a URL with range requests. */
export interface RandomAccess {
  /** In bytes. */
  readonly size: number
  /** Exactly `length` bytes from `offset`, fresh or a view that nobody overwrites; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Gives up whatever is held open. */
  close?(): Promise<void>
}

/** Random access to bytes that are in memory already; reads are views. */
export function bytesSource(bytes: Uint8Array): RandomAccess {
  return {
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  }
}

/** Random access to a browser's (or Node's) Blob or File. */
export function blobSource(blob: Blob): RandomAccess {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  }
}
