import { SafetensorsError } from '../errors.js'
import { findDuplicateKey } from './duplicate-key.js'
import {
  isSafetensorsDType,
  SAFETENSORS_DTYPES,
  type SafetensorsDType,
  safetensorsElementBytes,
} from './safetensors-dtype.js'

/** Where a tensor's bytes lie, counted from the end of the header. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType
  readonly shape: readonly number[]
  readonly begin: number
  readonly end: number
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>
  /** In the order of the bytes. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>
}

/** Bytes before the JSON: its length as a little-endian unsigned 64-bit integer. */
export const LENGTH_BYTES = 8
/** The limit of the original, so that a header can never cause a large allocation. */
export const MAX_HEADER_BYTES = 100_000_000
export const METADATA_KEY = '__metadata__'

const DAMAGED = 'The file is damaged or is not a safetensors file.'
const HOSTILE = 'Do not load it: a well-formed writer never makes such a file.'

/**
 * The length of the JSON header from the first 8 bytes, checked before anything of that size is read.
 * @throws SafetensorsError when the file is too short, or the header longer than 100 MB or than the file
 */
export function readHeaderLength(where: string, start: Uint8Array, fileBytes: number): number {
  if (fileBytes < LENGTH_BYTES || start.length < LENGTH_BYTES) {
    throw new SafetensorsError(where, `at least ${LENGTH_BYTES} bytes`, `${fileBytes}`, DAMAGED)
  }
  const length = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES).getBigUint64(0, true)
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new SafetensorsError(where, `a header of at most ${MAX_HEADER_BYTES} bytes`, `${length}`, DAMAGED)
  }
  const bytes = Number(length)
  if (bytes > fileBytes - LENGTH_BYTES) {
    throw new SafetensorsError(
      where,
      `a header inside the file (${fileBytes - LENGTH_BYTES} bytes after its length)`,
      `a header of ${bytes} bytes`,
      'The file is truncated: fetch it again.',
    )
  }
  return bytes
}

/**
 * Parses and validates the JSON header: every tensor's bytes agree with its dtype and shape, and together they cover the
 * data exactly, without overlap, hole or rest.
 *
 * @param json       the header's bytes
 * @param dataBytes  how many bytes follow the header
 * @throws SafetensorsError
 */
export function parseHeader(where: string, json: Uint8Array, dataBytes: number): SafetensorsHeader {
  const header = parseJson(where, json)
  const metadata = parseMetadata(where, header[METADATA_KEY])
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]): [string, SafetensorsEntry] => {
      checkName(where, name)
      return [name, parseEntry(`${where}, tensor ${quoted(name)}`, value)]
    })
    .sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  checkCover(where, entries, dataBytes)
  return { metadata, entries: new Map(entries) }
}

/** @throws SafetensorsError for names that would write to an object's prototype or that UTF-8 cannot hold */
export function checkName(where: string, name: string): void {
  if (name === '__proto__') throw new SafetensorsError(where, 'ordinary names', quoted(name), HOSTILE)
  if (/\p{Surrogate}/u.test(name)) throw new SafetensorsError(where, 'names in valid Unicode', quoted(name), HOSTILE)
}

/** The number of bytes of a tensor. @throws SafetensorsError when the shape is not whole sizes or the product is too large */
export function tensorByteLength(where: string, dtype: SafetensorsDType, shape: readonly unknown[]): number {
  let bytes = safetensorsElementBytes(dtype)
  for (const extent of shape) {
    if (typeof extent !== 'number' || !Number.isSafeInteger(extent) || extent < 0 || Object.is(extent, -0)) {
      throw new SafetensorsError(where, 'a shape of integers >= 0', quoted(shape), DAMAGED)
    }
    bytes *= extent
    if (!Number.isSafeInteger(bytes)) {
      throw new SafetensorsError(where, 'fewer than 2^53 bytes', `${dtype} of shape ${quoted(shape)}`, HOSTILE)
    }
  }
  return bytes
}

/** A value as messages show it, cut short: a hostile header may nest deeply or hold millions of elements. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value)
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map((item) => (typeof item === 'object' && item !== null ? '...' : quoted(item)))
    return `[${shown.join(', ')}${value.length > 8 ? ', ...' : ''}]`
  }
  if (typeof value === 'object' && value !== null) return 'an object'
  return Object.is(value, -0) ? '-0' : String(value)
}

function parseJson(where: string, json: Uint8Array): Record<string, unknown> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(json)
  } catch {
    throw new SafetensorsError(where, 'a header in UTF-8', 'other bytes', DAMAGED)
  }
  let header: unknown
  try {
    header = JSON.parse(text)
  } catch {
    throw new SafetensorsError(where, 'a header in JSON', quoted(text.slice(0, 40)), DAMAGED)
  }
  // The format wants "{" as the very first byte: no space, no byte order mark.
  if (!isObject(header) || text[0] !== '{') {
    throw new SafetensorsError(where, 'a JSON object as header', quoted(text.slice(0, 40)), DAMAGED)
  }
  const duplicate = findDuplicateKey(text)
  if (duplicate !== undefined) {
    throw new SafetensorsError(where, 'every key once', `${quoted(duplicate)} twice`, HOSTILE)
  }
  return header
}

function parseMetadata(where: string, value: unknown): Record<string, string> {
  const metadata: Record<string, string> = {}
  if (value === undefined) return metadata
  if (!isObject(value))
    throw new SafetensorsError(where, `${METADATA_KEY} as an object of strings`, quoted(value), DAMAGED)
  for (const [key, text] of Object.entries(value)) {
    checkName(where, key)
    if (typeof text !== 'string') {
      throw new SafetensorsError(where, `a string at ${METADATA_KEY}.${key}`, quoted(text), DAMAGED)
    }
    metadata[key] = text
  }
  return metadata
}

function parseEntry(where: string, value: unknown): SafetensorsEntry {
  if (!isObject(value))
    throw new SafetensorsError(where, 'an object with dtype, shape and data_offsets', quoted(value), DAMAGED)
  const { dtype, shape, data_offsets: offsets } = value
  if (!isSafetensorsDType(dtype)) {
    throw new SafetensorsError(
      where,
      `a dtype of ${SAFETENSORS_DTYPES.join(', ')}`,
      quoted(dtype),
      'Convert the file with a tool that knows this dtype.',
    )
  }
  if (!Array.isArray(shape)) throw new SafetensorsError(where, 'a shape of integers >= 0', quoted(shape), DAMAGED)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)) {
    throw new SafetensorsError(where, 'data_offsets as two integers >= 0', quoted(offsets), DAMAGED)
  }
  const [begin, end] = offsets as [number, number]
  if (end < begin) throw new SafetensorsError(where, 'data_offsets that rise', quoted(offsets), DAMAGED)
  const bytes = tensorByteLength(where, dtype, shape)
  if (bytes !== end - begin) {
    throw new SafetensorsError(
      where,
      `${bytes} bytes for ${dtype} of shape ${quoted(shape)}`,
      `${end - begin}`,
      DAMAGED,
    )
  }
  return { dtype, shape: shape as number[], begin, end }
}

function checkCover(where: string, entries: readonly [string, SafetensorsEntry][], dataBytes: number): void {
  let covered = 0
  let previous = 'the header'
  for (const [name, { begin, end }] of entries) {
    if (end > dataBytes) {
      throw new SafetensorsError(
        where,
        `tensor ${quoted(name)} inside ${dataBytes} bytes of data`,
        `offsets [${begin}, ${end}]`,
        'The file is truncated: fetch it again.',
      )
    }
    if (begin < covered) {
      throw new SafetensorsError(
        where,
        'tensors that do not overlap',
        `${quoted(name)} at ${begin}, before the end of ${previous} at ${covered}`,
        HOSTILE,
      )
    }
    if (begin > covered) {
      throw new SafetensorsError(
        where,
        'tensors without holes between them',
        `${begin - covered} unused bytes between ${previous} and ${quoted(name)}`,
        HOSTILE,
      )
    }
    covered = end
    previous = quoted(name)
  }
  if (covered < dataBytes) {
    throw new SafetensorsError(
      where,
      `the file to end with ${previous}`,
      `${dataBytes - covered} more bytes`,
      'Something was appended, or the header lacks a tensor.',
    )
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
