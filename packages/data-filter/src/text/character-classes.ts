import { PUNCTUATION_AND_TERMINAL } from './punctuation.js'
import { WHITE_SPACE } from './white-space.js'

/** White space, as Python's `str.split` has it. */
export const SPACE = 1
/** A letter of some script. */
export const LETTER = 2
/** Not of `PUNCTUATION_AND_TERMINAL`: a token with such a character is a word. */
export const WORD = 4
/** A token of its own, wherever it stands. */
export const ALONE = 8
/** What the characters around it decide on: . , : ' - ` */
export const DEPENDS = 16
/** Half of a code point above 0xffff. */
export const HALF = 32

/** Split off in any place by the Treebank tokenizer of NLTK 3.8, quotes included. */
const ALWAYS_ALONE = '[](){}<>;@#$%&?!*"«»“”„‘’'

let table: Uint8Array | null = null

/** The classes of each UTF-16 code unit. Made when first asked for: it takes some milliseconds. */
export function characterClasses(): Uint8Array {
  if (table) return table
  const classes = new Uint8Array(0x10000)
  const letter = /^\p{L}$/u
  for (let code = 0; code < 0x10000; code++) {
    if (code >= 0xd800 && code < 0xe000) classes[code] = HALF
    else {
      classes[code] =
        (letter.test(String.fromCharCode(code)) ? LETTER : 0) | (PUNCTUATION_AND_TERMINAL.has(code) ? 0 : WORD)
    }
  }
  // White space is no token, and so no word.
  for (const [first, last] of WHITE_SPACE) classes.fill(SPACE, first, last + 1)
  for (const mark of ALWAYS_ALONE) classes[mark.charCodeAt(0)] = (classes[mark.charCodeAt(0)] as number) | ALONE
  for (const mark of ".,:'-`") classes[mark.charCodeAt(0)] = (classes[mark.charCodeAt(0)] as number) | DEPENDS
  table = classes
  return classes
}

/** LETTER and WORD of a code point above 0xffff. */
export const astralClasses = (codePoint: number): number =>
  (/^\p{L}$/u.test(String.fromCodePoint(codePoint)) ? LETTER : 0) | (PUNCTUATION_AND_TERMINAL.has(codePoint) ? 0 : WORD)
