import { MARKS, SPACES } from './punctuation.js'

/**
 * Both orders of `simplify-text.ts` in one pass for texts whose characters all have a fate of their own: ASCII, letters that become
 * one of Latin-1, marks and spaces. Null for others.
 */
export function quickCurrent(text: string): string | null {
  const [fates, output] = prepare(text)
  const length = text.length
  let size = 0
  // Whether marks or white space stand between what was written and what comes.
  let gap = false
  for (let i = 0; i < length; i++) {
    const fate = fates[text.charCodeAt(i)] as number
    if (fate <= SPACE) {
      if (fate === OTHER) return null
      gap = true
      continue
    }
    if (gap && size > 0) output[size++] = BLANK
    gap = false
    if (fate !== DIGIT) {
      output[size++] = fate
      continue
    }
    output[size++] = ZERO
    while (fates[text.charCodeAt(i + 1)] === DIGIT) i++
    const sign = text.charCodeAt(i + 1)
    if ((sign === POINT || sign === COMMA) && fates[text.charCodeAt(i + 2)] === DIGIT) {
      i += 2
      while (fates[text.charCodeAt(i + 1)] === DIGIT) i++
    }
  }
  return latin1.decode(output.subarray(0, size))
}

export function quickAsInMay2024(text: string): string | null {
  const [fates, output] = prepare(text)
  const length = text.length
  let size = 0
  // White space is joined before marks are deleted, digits after it: " - " gives two spaces, "1,234" one 0.
  let spaced = false
  let digits = false
  for (let i = 0; i < length; i++) {
    const fate = fates[text.charCodeAt(i)] as number
    if (fate === MARK) {
      spaced = false
      continue
    }
    if (fate === SPACE) {
      if (!spaced && size > 0) output[size++] = BLANK
      spaced = true
      digits = false
      continue
    }
    if (fate === OTHER) return null
    spaced = false
    if (fate === DIGIT) {
      if (!digits) output[size++] = ZERO
      digits = true
      continue
    }
    output[size++] = fate
    digits = false
  }
  while (output[size - 1] === BLANK) size--
  return latin1.decode(output.subarray(0, size))
}

/** A character's fate, if it is none of these: the byte of Latin-1 that is written for it. No control character is ever written. */
const OTHER = 0
const MARK = 1
const SPACE = 2
const DIGIT = 3

const POINT = 46
const COMMA = 44
const BLANK = 32
const ZERO = 48
/** Unicode's Basic Latin to Latin Extended-B: letters whose lower case does not depend on their neighbours. */
const LATIN_END = 0x250

// Windows-1252 by the standard, which is Latin-1 but for U+0080 to U+009F; those are never written.
const latin1 = new TextDecoder('latin1')
let table: Uint8Array | undefined
let buffer = new Uint8Array(0)

function prepare(text: string): [fates: Uint8Array, output: Uint8Array] {
  table ??= fateTable()
  if (buffer.length < text.length) buffer = new Uint8Array(2 * text.length)
  return [table, buffer]
}

function fateTable(): Uint8Array {
  const fates = new Uint8Array(2 ** 16)
  const isMark = new RegExp(`[${MARKS}]`)
  const isSpace = new RegExp(`[${SPACES}]`)
  const isDigit = /\p{Nd}/u
  for (let code = 0; code < fates.length; code++) {
    // Marks and spaces end at U+FF5E; between those of Latin, of punctuation and the full-width ones there are only letters.
    if (code === LATIN_END) code = 0x1680
    if (code === 0x3100) code = 0xff00
    const character = String.fromCharCode(code)
    // White space first: some control characters are both, and both orders make spaces of them.
    if (isSpace.test(character)) fates[code] = SPACE
    // datatrove's marks have a digit, U+FF11; what becomes of it depends on the order.
    else if (isMark.test(character)) fates[code] = isDigit.test(character) ? OTHER : MARK
    else if (code >= LATIN_END) continue
    else if (isDigit.test(character)) fates[code] = DIGIT
    else {
      const simple = character
        .toLowerCase()
        .normalize('NFD')
        .replace(/\p{Mn}/gu, '')
      if (simple.length === 1 && simple.charCodeAt(0) < 0x100) fates[code] = simple.charCodeAt(0)
    }
  }
  return fates
}
