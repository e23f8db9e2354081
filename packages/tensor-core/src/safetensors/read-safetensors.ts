import { SafetensorsError } from '../errors.js'
import type { RandomAccess } from './random-access.js'
import type { SafetensorsDType } from './safetensors-dtype.js'
import { LENGTH_BYTES, parseHeader, quoted, readHeaderLength, type SafetensorsEntry } from './safetensors-header.js'

/** A tensor as it is stored: little-endian, row-major. */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export interface Safetensors {
  readonly metadata: Record<string, string>
  /** In the order of the bytes. */
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>
}

export interface ReadSafetensorsOptions {
  /** What the errors call the file, for example its path. Default: the function's name. */
  readonly where?: string
}

/**
 * Reads a whole safetensors file from memory without copying: every tensor's `bytes` is a view of the input. A view need
 * not be aligned to its elements (old writers do not pad the header), so copy it before making a wider typed array.
 *
 * Format: an unsigned 64-bit little-endian length, a JSON header { name: { dtype, shape, data_offsets } }, the data.
 * Source: https://github.com/huggingface/safetensors#format.
 *
 * @throws SafetensorsError when the file is truncated, malformed or inconsistent in any way
 */
export function parseSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): Safetensors {
  const { where = 'parseSafetensors' } = options
  const headerBytes = readHeaderLength(where, bytes, bytes.length)
  const data = bytes.subarray(LENGTH_BYTES + headerBytes)
  const header = parseHeader(where, bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + headerBytes), data.length)
  const tensors = new Map<string, SafetensorsTensor>()
  for (const [name, { dtype, shape, begin, end }] of header.entries) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) })
  }
  return { metadata: header.metadata, tensors }
}

/** A safetensors file of which only the header is in memory. */
export interface SafetensorsFile {
  readonly metadata: Record<string, string>
  /** Without their bytes, in the order of the bytes; `begin` and `end` count from the end of the header. */
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>
  /**
   * Reads one tensor.
   * @throws SafetensorsError when there is none of that name, or the source ends early
   */
  read(name: string): Promise<SafetensorsTensor>
  /** Closes the source. */
  close(): Promise<void>
}

/**
 * Opens a safetensors file by its header and reads tensors on demand. A header that claims more than 100 MB, or more than
 * the source holds, is refused before any of it is read. When opening fails the source stays open: it is the caller's.
 *
 * @throws SafetensorsError as parseSafetensors does
 */
export async function openSafetensors(
  source: RandomAccess,
  options: ReadSafetensorsOptions = {},
): Promise<SafetensorsFile> {
  const { where = 'openSafetensors' } = options
  const readExactly = async (offset: number, length: number): Promise<Uint8Array> => {
    const bytes = await source.read(offset, length)
    if (bytes.length !== length) {
      throw new SafetensorsError(
        where,
        `${length} bytes at ${offset}`,
        `${bytes.length}`,
        'The source is shorter than its size says: was it changed while it was read?',
      )
    }
    return bytes
  }
  const start = await readExactly(0, Math.min(LENGTH_BYTES, source.size))
  const headerBytes = readHeaderLength(where, start, source.size)
  const dataStart = LENGTH_BYTES + headerBytes
  const header = parseHeader(where, await readExactly(LENGTH_BYTES, headerBytes), source.size - dataStart)
  return {
    metadata: header.metadata,
    tensors: header.entries,
    async read(name) {
      const entry = header.entries.get(name)
      if (!entry) {
        const names = [...header.entries.keys()]
        throw new SafetensorsError(
          where,
          `one of its ${names.length} tensors (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''})`,
          quoted(name),
          'Check the name against file.tensors.',
        )
      }
      const { dtype, shape, begin, end } = entry
      return { dtype, shape, bytes: await readExactly(dataStart + begin, end - begin) }
    },
    async close() {
      await source.close?.()
    },
  }
}
