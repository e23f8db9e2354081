/** How text is cut into the words that no token crosses. */
export interface SplitPattern {
  /** A regular expression that Rust's regex and JavaScript's (with `u`) both read, and whose matches cover every text. */
  readonly source: string
  /**
   * The last place in a text at which it can be cut without changing its words, whatever follows; 0 if there is none.
   * Default: none, so that only whole documents are split.
   */
  readonly safeCut?: (text: string) => number
}

/**
 * Llama 3's pattern, with the contractions spelt out for both cases, because Node 20 has no `(?i:)`. Words with what
 * stands before them, up to three digits, punctuation with line ends, white space. Dubey et al. 2024, arXiv 2407.21783,
 * section 3.2.1; the expression is that of the released tokenizer.
 */
export const LLAMA3_PATTERN: SplitPattern = {
  source:
    "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]" +
    '|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  safeCut: lastEndOfLetters,
}

/** Every match with letters in it ends with them, so that where a run of letters ends, a word ends. */
function lastEndOfLetters(text: string): number {
  const isLetter = (character: string) => /^\p{L}$/u.test(character)
  // The end of the text is no such place: the run may go on.
  for (let i = text.length - 1; i > 0; i--) {
    if (isLow(text, i)) continue
    const next = String.fromCodePoint(text.codePointAt(i) as number)
    // Half of a character whose other half has not come yet.
    if (next.length === 1 && i === text.length - 1 && isHigh(next)) continue
    const before = isLow(text, i - 1) && i > 1 ? text.slice(i - 2, i) : text.slice(i - 1, i)
    if (!isLetter(next) && isLetter(before)) return i
  }
  return 0
}

const isLow = (text: string, i: number): boolean => (text.charCodeAt(i) & 0xfc00) === 0xdc00
const isHigh = (unit: string): boolean => (unit.charCodeAt(0) & 0xfc00) === 0xd800
