/** From where to where an e-mail address lies. */
export interface Found {
  readonly start: number
  readonly end: number
}

const DOT = 46
const HYPHEN = 45
const UNDERSCORE = 95

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isAlphanumeric = (code: number): boolean => isDigit(code) || isLetter(code)

/** Characters of a name's parts: letters, digits and !#$%&'*+/=?^_`{|}~-. */
const IN_NAME = new Uint8Array(128)
for (let code = 0; code < 128; code++) if (isAlphanumeric(code)) IN_NAME[code] = 1
for (const mark of "!#$%&'*+/=?^_`{|}~-") IN_NAME[mark.charCodeAt(0)] = 1
const inName = (code: number): boolean => code < 128 && IN_NAME[code] === 1

/** A letter, digit or underscore of any script: `\b` is between one and none. */
const WORD = /[\p{L}\p{N}_]/u
function isWord(text: string, at: number): boolean {
  if (at < 0) return false
  const code = text.charCodeAt(at)
  if (code < 128) return isAlphanumeric(code) || code === UNDERSCORE
  // The second half of a pair says nothing alone.
  const pair = code >= 0xdc00 && code <= 0xdfff && at > 0 ? at - 1 : at
  return WORD.test(String.fromCodePoint(text.codePointAt(pair) as number))
}

/**
 * The e-mail addresses of a text, as datatrove's regular expression finds them (formatters/pii.py, of RFC 5322's form), left to
 * right and none within another. Looks outwards from each `@`, and at no character more than a few times: the expression itself
 * takes time that grows with the square of a run without spaces.
 */
export function findEmails(text: string): Found[] {
  const found: Found[] = []
  let from = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = startOfName(text, from, at)
    if (start < 0) continue
    const end = endOfHost(text, at + 1)
    if (end < 0) continue
    found.push({ start, end })
    from = end
    // `@` within what was found was passed over.
    at = end - 1
  }
  return found
}

/**
 * Where the name before an `@` begins: parts joined by single dots, from the first place that is an edge of a word; -1 where
 * nowhere.
 */
function startOfName(text: string, from: number, at: number): number {
  let start = -1
  for (let i = at - 1; i >= from; i--) {
    if (inName(text.charCodeAt(i))) {
      if (isWord(text, i - 1) !== isWord(text, i)) start = i
      continue
    }
    const joins = text.charCodeAt(i) === DOT && i < at - 1 && i > from && inName(text.charCodeAt(i - 1))
    if (!joins) break
  }
  return start
}

/** Where the host behind an `@` ends: two labels at least, or an address in brackets; -1 where there is none. */
function endOfHost(text: string, from: number): number {
  if (text[from] === '[') return endOfLiteral(text, from)
  let labels = 0
  for (let at = from; ; ) {
    // A dot ends a sentence: the label before it is the last.
    if (!isAlphanumeric(text.charCodeAt(at))) return labels > 1 ? at - 1 : -1
    let end = at
    let last = at
    for (; ; end++) {
      const code = text.charCodeAt(end)
      if (isAlphanumeric(code)) last = end
      else if (code !== HYPHEN) break
    }
    if (last < end - 1 || text.charCodeAt(end) !== DOT) return labels > 0 ? last + 1 : -1
    labels++
    at = end + 1
  }
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)'
const THREE_OCTETS = new RegExp(`\\[(?:${OCTET}\\.){3}`, 'y')
const LAST_OCTET = new RegExp(`${OCTET}\\]`, 'y')
const matches = (pattern: RegExp, text: string, at: number): number => {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : -1
}

/** `[1.2.3.4]`, or with a tag and a colon for the last number. */
function endOfLiteral(text: string, from: number): number {
  const tag = matches(THREE_OCTETS, text, from)
  if (tag < 0) return -1
  const whole = matches(LAST_OCTET, text, tag)
  if (whole >= 0) return whole
  let end = tag
  while (isAlphanumeric(text.charCodeAt(end)) || text.charCodeAt(end) === HYPHEN) end++
  return end > tag && isAlphanumeric(text.charCodeAt(end - 1)) && text.startsWith(':]', end) ? end + 2 : -1
}
