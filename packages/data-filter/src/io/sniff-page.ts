/**
 * The tags that a page may begin with: WHATWG MIME Sniffing (https://mimesniff.spec.whatwg.org), section 7.1, and `head`, `meta`, `link`,
 * which libmagic knows too.
 */
const FIRST_TAG =
  /^<(?:!doctype html|html|head|meta|link|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s/>]|^<!--/i
/** Control characters that no text has: the same source's "binary data bytes". */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BINARY = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/

/** Bytes of the begin that are looked at. */
const SAMPLE = 2048

/** What bytes seem to be by their begin, as libmagic says it of them: a page, text, or something else. */
export function sniffPage(bytes: Uint8Array): 'text/html' | 'text/plain' | 'other' {
  const begin = beginOf(bytes)
  if (BINARY.test(begin)) return 'other'
  const text = begin.replace(/^(?:\s+|<!--[\s\S]*?-->)+/, '')
  if (FIRST_TAG.test(text)) return 'text/html'
  // XHTML: a declaration, and the page's element or type soon after it.
  if (/^<\?xml/i.test(text)) return /<(?:!doctype\s+html|html)[\s>]/i.test(text) ? 'text/html' : 'other'
  // Comments without an end, of a page nobody has seen the begin of.
  return /^<!--/.test(begin.trimStart()) ? 'text/html' : 'text/plain'
}

function beginOf(bytes: Uint8Array): string {
  const sample = bytes.subarray(0, SAMPLE)
  if (sample[0] === 0xff && sample[1] === 0xfe) return new TextDecoder('utf-16le').decode(sample)
  if (sample[0] === 0xfe && sample[1] === 0xff) return new TextDecoder('utf-16be').decode(sample)
  // Tags are ASCII; all else must only have a character each.
  return new TextDecoder('latin1').decode(sample).replace(/^\u00ef\u00bb\u00bf/, '')
}
