import { SafetensorsError } from '../errors.js'
import type { SafetensorsTensor } from './read-safetensors.js'
import { isSafetensorsDType, SAFETENSORS_DTYPES, type SafetensorsDType } from './safetensors-dtype.js'
import {
  checkName,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  METADATA_KEY,
  quoted,
  tensorByteLength,
} from './safetensors-header.js'

/** A tensor to write whose bytes may come later, so that a model larger than memory can be written. */
export interface SafetensorsTensorSource {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  /** Little-endian and row-major; a function is called once, when its turn comes. */
  readonly bytes: Uint8Array | (() => Uint8Array | Promise<Uint8Array>)
}

interface Layout<T> {
  /** Length, JSON and padding. */
  readonly start: Uint8Array
  /** In the order in which their bytes follow. */
  readonly tensors: readonly { name: string; tensor: T; byteLength: number }[]
  readonly totalBytes: number
}

const WHERE = 'serializeSafetensors'
const ALIGNMENT = 8
const CHUNK_BYTES = 8 * 2 ** 20

/**
 * A whole safetensors file in memory. Tensors are laid out as the original writer does, so equal input gives its very
 * bytes: by dtype from wide to narrow, then by name, the header padded with spaces to a multiple of 8.
 *
 * @throws SafetensorsError for names given twice or reserved, and bytes that do not fit dtype and shape
 */
export function serializeSafetensors(
  tensors: Iterable<readonly [string, SafetensorsTensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const layout = planLayout(tensors, metadata)
  const out = new Uint8Array(layout.totalBytes)
  out.set(layout.start)
  let at = layout.start.length
  for (const { name, tensor, byteLength } of layout.tensors) {
    checkBytes(name, tensor, tensor.bytes, byteLength)
    out.set(tensor.bytes, at)
    at += byteLength
  }
  return out
}

/**
 * The same file as a stream of chunks of at most 8 MiB, for writing piece by piece. Bytes given as functions are asked
 * for one tensor at a time. `safetensorsByteLength` tells the size beforehand.
 *
 * @throws SafetensorsError as serializeSafetensors; for bytes given as functions, when their turn comes
 */
export async function* safetensorsChunks(
  tensors: Iterable<readonly [string, SafetensorsTensorSource]>,
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array, void, void> {
  const layout = planLayout(tensors, metadata)
  yield layout.start
  for (const { name, tensor, byteLength } of layout.tensors) {
    const bytes = typeof tensor.bytes === 'function' ? await tensor.bytes() : tensor.bytes
    checkBytes(name, tensor, bytes, byteLength)
    for (let at = 0; at < byteLength; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
  }
}

/** The size of the file that the same arguments write, from dtypes and shapes alone. */
export function safetensorsByteLength(
  tensors: Iterable<readonly [string, Pick<SafetensorsTensorSource, 'dtype' | 'shape'>]>,
  metadata: Readonly<Record<string, string>> = {},
): number {
  return planLayout(tensors, metadata).totalBytes
}

function planLayout<T extends Pick<SafetensorsTensorSource, 'dtype' | 'shape'>>(
  tensors: Iterable<readonly [string, T]>,
  metadata: Readonly<Record<string, string>>,
): Layout<T> {
  const seen = new Set<string>()
  const planned = Array.from(tensors, ([name, tensor]) => {
    if (name === METADATA_KEY) {
      throw new SafetensorsError(WHERE, 'tensor names', quoted(name), 'Pass metadata as the second argument.')
    }
    checkName(WHERE, name)
    if (seen.has(name))
      throw new SafetensorsError(WHERE, 'every name once', `${quoted(name)} twice`, 'Rename one of them.')
    seen.add(name)
    const where = tensorPlace(name)
    if (!isSafetensorsDType(tensor.dtype)) {
      throw new SafetensorsError(
        where,
        `a dtype of ${SAFETENSORS_DTYPES.join(', ')}`,
        quoted(tensor.dtype),
        'Cast it first.',
      )
    }
    return { name, tensor, byteLength: tensorByteLength(where, tensor.dtype, tensor.shape) }
  })
  const rank = (dtype: SafetensorsDType) => SAFETENSORS_DTYPES.indexOf(dtype)
  planned.sort((a, b) => rank(b.tensor.dtype) - rank(a.tensor.dtype) || compareCodePoints(a.name, b.name))

  // Written by hand, because objects move keys that look like integers to the front.
  const fields: string[] = []
  if (Object.keys(metadata).length > 0) fields.push(`"${METADATA_KEY}":${metadataJson(metadata)}`)
  let offset = 0
  for (const { name, tensor, byteLength } of planned) {
    const end = offset + byteLength
    const shape = JSON.stringify(tensor.shape)
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${tensor.dtype}","shape":${shape},"data_offsets":[${offset},${end}]}`,
    )
    offset = end
  }
  const json = new TextEncoder().encode(`{${fields.join(',')}}`)
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new SafetensorsError(
      WHERE,
      `a header of at most ${MAX_HEADER_BYTES} bytes`,
      `${headerBytes}`,
      'Split the file.',
    )
  }
  const start = new Uint8Array(LENGTH_BYTES + headerBytes).fill(0x20)
  new DataView(start.buffer).setBigUint64(0, BigInt(headerBytes), true)
  start.set(json, LENGTH_BYTES)
  return { start, tensors: planned, totalBytes: start.length + offset }
}

function metadataJson(metadata: Readonly<Record<string, string>>): string {
  const fields = Object.entries(metadata).map(([key, text]) => {
    checkName(WHERE, key)
    if (typeof text !== 'string') {
      throw new SafetensorsError(
        WHERE,
        `a string as metadata ${quoted(key)}`,
        quoted(text),
        'Turn it into text, for example JSON.',
      )
    }
    return `${JSON.stringify(key)}:${JSON.stringify(text)}`
  })
  return `{${fields.join(',')}}`
}

function checkBytes(
  name: string,
  { dtype, shape }: Pick<SafetensorsTensorSource, 'dtype' | 'shape'>,
  bytes: Uint8Array,
  byteLength: number,
): void {
  if (bytes.length === byteLength) return
  throw new SafetensorsError(
    tensorPlace(name),
    `${byteLength} bytes for ${dtype} of shape ${quoted(shape)}`,
    `${bytes.length}`,
    'Check dtype and shape.',
  )
}

function tensorPlace(name: string): string {
  return `${WHERE}, tensor ${quoted(name)}`
}

/** The order of UTF-8 bytes, which is the original's; UTF-16 units order differently above U+FFFF. */
function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) return (left[i].codePointAt(0) ?? 0) - (right[i].codePointAt(0) ?? 0)
  }
  return left.length - right.length
}
