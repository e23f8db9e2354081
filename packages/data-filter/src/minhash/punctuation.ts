import { PUNCTUATION } from '../text/punctuation.js'
import { WHITE_SPACE } from '../text/white-space.js'

const escaped = (code: number): string => `\\u${code.toString(16).padStart(4, '0')}`

/** White space as Python has it, inside brackets of a regular expression. */
export const SPACES = WHITE_SPACE.map(([first, last]) => `${escaped(first)}-${escaped(last)}`).join('')
/** datatrove's punctuation, inside brackets of a regular expression. */
export const MARKS = Array.from(PUNCTUATION, escaped).join('')
