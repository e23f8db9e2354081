/**
 * What is done to a text before its words are taken, so that small differences do not hide a duplicate.
 *
 * - `datatrove-0.10`: lower case; numbers, decimals with them, to `0`; punctuation to spaces; white space to one space; NFD without marks
 * - `fineweb-2024-05`: lower case; white space to one space; punctuation deleted; NFD without marks; digits to `0`.
 *   FineWeb's first release was made in this order.
 *
 * Source: datatrove, src/datatrove/utils/text.py, at a649de79 (0.10.0) and e9963f69 (May 2024).
 */
export type Normalisation = 'datatrove-0.10' | 'fineweb-2024-05'

/** Both orders end without white space at either end. */
export function simplifyText(text: string, normalisation: Normalisation = 'datatrove-0.10'): string {
  return normalisation === 'datatrove-0.10' ? simplifyCurrent(text) : simplifyAsInMay2024(text)
}

// What Python's \s and str.strip take, which differs from JavaScript's \s: U+001C to U+001F and U+0085 too, U+FEFF not.
const SPACES = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
// datatrove's PUNCTUATION: these marks, and all control characters but tab and line feed.
const MARKS =
  '\\/—”:％１〈&(、━\\\\【#%「」，】；+^\\]~“《„\';’{|∶´\\[=\\-`*．（–？！：$～«〉,><》)?）。…@_."}►»!\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f'

const SPACE_RUN = new RegExp(`[${SPACES}]+`, 'g')
const MARK_RUN = new RegExp(`[${MARKS}]+`, 'g')
const MARK_OR_SPACE_RUN = new RegExp(`[${MARKS}${SPACES}]+`, 'g')
const FIRST_SPACES = new RegExp(`^[${SPACES}]+`)
const LAST_SPACE = new RegExp(`[${SPACES}]$`)
const NUMBER = /\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu
const DIGITS = /\p{Nd}+/gu
const MARK_ABOVE = /\p{Mn}+/gu
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
const ASCII = /^[\x00-\x7f]*$/

function simplifyCurrent(text: string): string {
  if (ASCII.test(text)) return simplifyAscii(text)
  const spaced = text.toLowerCase().replace(NUMBER, '0').replace(MARK_OR_SPACE_RUN, ' ')
  return strip(withoutMarks(spaced))
}

function simplifyAsInMay2024(text: string): string {
  const bare = strip(text.toLowerCase()).replace(SPACE_RUN, ' ').replace(MARK_RUN, '')
  return strip(withoutMarks(bare).replace(DIGITS, '0'))
}

function withoutMarks(text: string): string {
  return text.normalize('NFD').replace(MARK_ABOVE, '')
}

/** Python's str.strip. Not one regular expression for both ends: that one would take quadratic time on long inner runs. */
function strip(text: string): string {
  let end = text.length
  while (end > 0 && LAST_SPACE.test(text[end - 1] as string)) end--
  return text.slice(0, end).replace(FIRST_SPACES, '')
}

/** What becomes of an ASCII character: itself or its lower case, DIGIT, or GAP (punctuation and white space). */
const GAP = 0
const DIGIT = 1
const FATE = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code)
  if (/[0-9]/.test(character)) return DIGIT
  if (/[a-z]/i.test(character)) return character.toLowerCase().charCodeAt(0)
  return new RegExp(`[${MARKS}${SPACES}]`).test(character) ? GAP : code
})
const POINT = 46
const COMMA = 44
const SPACE = 32
const ZERO = 48

let buffer = new Uint8Array(2 ** 16)
const decoder = new TextDecoder('latin1')

/** The current order for a text of ASCII, in one pass: most pages are, and regular expressions take several times as long. */
function simplifyAscii(text: string): string {
  const length = text.length
  if (buffer.length < length) buffer = new Uint8Array(2 * length)
  let size = 0
  // Whether a gap stands between what was written and what comes.
  let gap = false
  for (let i = 0; i < length; i++) {
    const fate = FATE[text.charCodeAt(i)] as number
    if (fate === GAP) {
      gap = true
      continue
    }
    if (gap && size > 0) buffer[size++] = SPACE
    gap = false
    if (fate !== DIGIT) {
      buffer[size++] = fate
      continue
    }
    buffer[size++] = ZERO
    while (FATE[text.charCodeAt(i + 1)] === DIGIT) i++
    const sign = text.charCodeAt(i + 1)
    if ((sign === POINT || sign === COMMA) && FATE[text.charCodeAt(i + 2)] === DIGIT) {
      i += 2
      while (FATE[text.charCodeAt(i + 1)] === DIGIT) i++
    }
  }
  return decoder.decode(buffer.subarray(0, size))
}
