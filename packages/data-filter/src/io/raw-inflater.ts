import { nodeZlib } from './node-zlib.js'

/** Inflates one raw deflate stream (RFC 1951) that comes in pieces. */
export interface RawInflater {
  /**
   * What comes out when these bytes go in, in pieces of bounded size, made as they are taken. Take all before the next call. Throws
   * InflateError.
   */
  inflate(input: Uint8Array): AsyncIterable<Uint8Array>
  /** How many of the last input's bytes were part of the stream. */
  readonly consumed: number
  /** Whether the stream is complete. It may say so only when a byte after its end went in. */
  readonly ended: boolean
  close(): void
}

/** Bytes that are no deflate stream. Never leaves this folder. */
export class InflateError extends Error {}

/** Node's zlib, in another thread, where there is one; pako elsewhere. */
export async function rawInflaters(): Promise<() => RawInflater> {
  const zlib = nodeZlib()
  if (!zlib) return (await import('./pako-raw-inflater.js')).pakoRawInflater
  const { nodeRawInflater } = await import('./node-raw-inflater.js')
  return () => nodeRawInflater(zlib)
}
