/** Characters that are not seen, or that turn the order of what is seen. */
const UNSEEN = /[\p{Cc}\p{Cs}\p{Cf}\p{Zl}\p{Zp}]/gu

/** Of those the ones that writing needs: joiners, and the marks around Arabic, Syriac and Kaithi numbers, which are seen. */
const NEEDED = new Set([
  ...[0x200c, 0x200d, 0x0600, 0x0601, 0x0602, 0x0603, 0x0604, 0x0605],
  ...[0x06dd, 0x070f, 0x0890, 0x0891, 0x08e2, 0x110bd, 0x110cd],
])

const MARKS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const codePointOf = (character: string): string =>
  `U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}`

function shown(text: string, keep: string, show: (code: string) => string): string {
  return text.replace(UNSEEN, (character) =>
    keep.includes(character) || NEEDED.has(character.codePointAt(0) as number)
      ? character
      : show(codePointOf(character)),
  )
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (mark) => MARKS[mark] as string)

/** One line for a terminal: control characters and bidi overrides as `<U+202E>`, so that no text steers the terminal. */
export const plainLine = (text: string): string => shown(text, '', (code) => `<${code}>`)

/** One line for HTML, in an element or an attribute with quotes: nothing in it is markup. */
export const escapeLine = (text: string): string => escaped(plainLine(text))

/** A text of several lines for HTML. Control characters and bidi overrides are elements that name them. */
export const escapeBlock = (text: string): string =>
  // No text has a character that is not seen after this, but for the spans.
  shown(escaped(text), '\n\t', (code) => `<span class="unseen">${code}</span>`)
