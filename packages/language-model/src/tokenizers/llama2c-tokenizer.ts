import { ArgumentError } from '@almanac/tensor-core'
import { byteStreamDecoder } from './byte-stream-decoder.js'
import { joinBytes } from './join-bytes.js'
import type { Tokenizer } from './tokenizer.js'
import { TokenizerError } from './tokenizer-error.js'

const BOS = 1
const EOS = 2
/** The ids of the 256 bytes follow <unk>, <s> and </s>. */
const FIRST_BYTE = 3
const SPACE = 0x20
const NOTHING = new Uint8Array(0)

interface Piece {
  readonly text: string
  readonly bytes: Uint8Array
  readonly score: number
}

/**
 * The tokenizer of llama2.c's tok.bin files: a sentence-piece vocabulary with scores, merged greedily by score, with bytes
 * for what it does not know. Source: karpathy/llama2.c, run.c (encode, decode). Throws TokenizerError.
 */
export function readLlama2cTokenizer(bytes: Uint8Array, where = 'llama2.c tokenizer'): Tokenizer {
  const pieces = readPieces(bytes, where)
  const ids = new Map<string, number>()
  // Of equal texts the first counts, as the byte pieces of ASCII stand before their characters' own.
  pieces.forEach(({ text }, id) => {
    if (!ids.has(text)) ids.set(text, id)
  })

  const bytesOf = (id: number, previous: number | undefined): Uint8Array => {
    const piece = pieces[id]
    if (!piece) throw new ArgumentError('llama2cTokenizer.decode', `ids from 0 to ${pieces.length - 1}`, `${id}`)
    if (id < FIRST_BYTE) return NOTHING
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece.text)
    if (byte) return Uint8Array.of(Number.parseInt(byte[1] as string, 16))
    // The first word's leading space is the encoder's own addition.
    return previous === BOS && piece.bytes[0] === SPACE ? piece.bytes.subarray(1) : piece.bytes
  }
  const stream = () => {
    let previous: number | undefined
    return byteStreamDecoder((id) => {
      const piece = bytesOf(id, previous)
      previous = id
      return piece
    })
  }
  return {
    vocabularySize: pieces.length,
    bosId: BOS,
    eosId: EOS,
    encode(text, { bos = true } = {}) {
      const start = bos ? [BOS] : []
      return text === '' ? start : [...start, ...merge(split(text, ids), pieces, ids)]
    },
    decode(list) {
      const decoder = stream()
      return list.map((id) => decoder.push(id)).join('') + decoder.end()
    },
    // Each byte by its own piece: the pieces of text would bring the space that begins every text here.
    encodeBytes: (bytes) => Array.from(bytes, (byte) => byte + FIRST_BYTE),
    decodeBytes(list) {
      let previous: number | undefined
      return joinBytes(
        list.map((id) => {
          const piece = bytesOf(id, previous)
          previous = id
          return piece
        }),
      )
    },
    stream,
  }
}

/** int32 longest piece; then for each piece a float32 score, an int32 length and its bytes. */
function readPieces(bytes: Uint8Array, where: string): Piece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: Piece[] = []
  const truncated = (at: number) =>
    new TokenizerError(
      where,
      'whole pieces (score, length, bytes)',
      `the end of the file inside piece ${pieces.length} at byte ${at}`,
      'The file is truncated or no tok.bin.',
    )
  if (bytes.byteLength < 4) throw truncated(0)
  for (let at = 4; at < bytes.byteLength; ) {
    if (at + 8 > bytes.byteLength) throw truncated(at)
    const score = view.getFloat32(at, true)
    const length = view.getInt32(at + 4, true)
    if (length < 0 || at + 8 + length > bytes.byteLength) throw truncated(at)
    const piece = bytes.slice(at + 8, at + 8 + length)
    pieces.push({ score, bytes: piece, text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(piece) })
    at += 8 + length
  }
  if (pieces.length < FIRST_BYTE + 256) {
    throw new TokenizerError(
      where,
      `at least ${FIRST_BYTE + 256} pieces (specials and bytes)`,
      `${pieces.length}`,
      'The file is truncated or no tok.bin.',
    )
  }
  return pieces
}

/** A space in front, then a piece for each character, or its bytes. */
function split(text: string, ids: ReadonlyMap<string, number>): number[] {
  const list: number[] = []
  for (const character of ` ${text}`) {
    const id = ids.get(character)
    if (id !== undefined) list.push(id)
    else for (const byte of new TextEncoder().encode(character)) list.push(byte + FIRST_BYTE)
  }
  return list
}

/** Joins the neighbours whose joint piece has the highest score (of equal ones the leftmost) until none have one. */
function merge(list: number[], pieces: readonly Piece[], ids: ReadonlyMap<string, number>): number[] {
  for (;;) {
    let best = Number.NEGATIVE_INFINITY
    let at = -1
    let joint = -1
    for (let i = 0; i + 1 < list.length; i++) {
      const id = ids.get((pieces[list[i] as number] as Piece).text + (pieces[list[i + 1] as number] as Piece).text)
      if (id === undefined || (pieces[id] as Piece).score <= best) continue
      best = (pieces[id] as Piece).score
      at = i
      joint = id
    }
    if (at < 0) return list
    list.splice(at, 2, joint)
  }
}
