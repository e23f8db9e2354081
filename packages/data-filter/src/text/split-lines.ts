/** What Python's `str.splitlines` takes for the end of a line. */
const OTHER_ENDS = '\v\f\r\x1c-\x1e\x85\u2028\u2029'
const OTHER_END = new RegExp(`[${OTHER_ENDS}]`)
const LINE_END = new RegExp(`\r\n|[\n${OTHER_ENDS}]`)

/** The lines of a text, as Python's `str.splitlines` gives them: none behind a last line's end. */
export function splitLines(text: string): string[] {
  if (text === '') return []
  const lines = text.split(OTHER_END.test(text) ? LINE_END : '\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

const ODD = '[\\s\x1c-\x1f\x85]+'
const EDGE = new RegExp(`^${ODD}|${ODD}$`, 'g')

/** Without white space at both ends, as Python's `str.strip` has it. */
export const strip = (text: string): string => {
  const trimmed = text.trim()
  const [first, last] = [trimmed.charCodeAt(0), trimmed.charCodeAt(trimmed.length - 1)]
  // Characters that Python takes for white space and JavaScript does not are rare.
  return isOdd(first) || isOdd(last) ? trimmed.replace(EDGE, '') : trimmed
}

const isOdd = (code: number): boolean => (code >= 0x1c && code <= 0x1f) || code === 0x85
