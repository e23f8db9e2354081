import { detect } from 'chardet'
import sniffEncoding from 'html-encoding-sniffer'
import { charsetName, decodeLeniently, decodeStrictly } from './charset-decoder.js'
import { findBytes } from './find-bytes.js'

/** How the charset was found: a byte order mark, the HTTP header, the page's own meta element, bytes that are UTF-8, or statistics. */
export type CharsetEvidence = 'byte-order-mark' | 'http' | 'meta' | 'utf-8' | 'statistics'

export interface DecodedText {
  readonly text: string
  /** The WHATWG name of the charset where it has one, in lower case. */
  readonly charset: string
  readonly evidence: CharsetEvidence
  /** Characters of U+FFFD, which stand for bytes that are none of the charset; 0 nearly always. */
  readonly replaced: number
}

/** chardet reads this many bytes: statistics need no more, and a detector takes its time. */
const SAMPLE = 65536
/** Of the characters of a text, at most this share may be bytes of another charset. */
const MAX_REPLACED = 1 / 200
/** How ISO-2022-JP, which the sniffer does not know, goes over to Japanese: no other text has that. */
const TO_JAPANESE = Uint8Array.of(0x1b, 0x24)
/** Charsets whose text can look like UTF-8, and a byte that it then has: escape, and zero. */
const LIKE_UTF8: Readonly<Record<string, number>> = { 'iso-2022-jp': 0x1b, 'utf-16le': 0, 'utf-16be': 0 }

/**
 * The text of a page or file. Its charset is that of the byte order mark, else UTF-8 where the bytes are (no other charset's text looks
 * like UTF-8 by accident, and labels are often wrong), else that of the HTTP header, that of the page's meta element, that of
 * chardet; the first in which all bytes have a meaning, or else the first in which nearly all have. Null where there is none.
 * datatrove 0.10 has the second and the last of these.
 * @param contentType the value of the HTTP header `Content-Type`
 */
export function decodeText(bytes: Uint8Array, contentType?: string): DecodedText | null {
  const candidates: { charset: string; evidence: CharsetEvidence }[] = []
  const add = (charset: string | null | undefined, evidence: CharsetEvidence): void => {
    const name = charset && charsetName(charset)
    if (name && !candidates.some((other) => other.charset === name)) candidates.push({ charset: name, evidence })
  }
  const mark = sniffEncoding(bytes.subarray(0, 4), { defaultEncoding: null })
  add(mark, 'byte-order-mark')
  const label = /charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType ?? '')?.[1]
  if (label && isCharset(label)) add(label, 'http')
  add(sniffEncoding(bytes.subarray(0, 1024), { defaultEncoding: null }), 'meta')

  if (findBytes(bytes, TO_JAPANESE) >= 0) add('iso-2022-jp', 'statistics')
  const tell = LIKE_UTF8[candidates[0]?.charset ?? '']
  if (!mark && !(tell !== undefined && bytes.includes(tell))) {
    const wide = widthOfZeros(bytes)
    if (wide) add(wide, 'statistics')
    const text = wide ? null : decodeStrictly(bytes, 'utf-8')
    if (text !== null) return { text, charset: 'utf-8', evidence: evidenceOf('utf-8', candidates), replaced: 0 }
  }
  for (const candidate of candidates) {
    const text = decodeStrictly(bytes, candidate.charset)
    if (text !== null) return { text, ...candidate, replaced: 0 }
  }
  add(detect(bytes.subarray(0, SAMPLE)), 'statistics')
  const detected = candidates.at(-1)
  if (detected?.evidence === 'statistics') {
    const text = decodeStrictly(bytes, detected.charset)
    if (text !== null) return { text, ...detected, replaced: 0 }
  }
  for (const candidate of candidates) {
    const text = decodeLeniently(bytes, candidate.charset)
    if (text === null) continue
    const replaced = text.split('\ufffd').length - 1
    if (replaced <= text.length * MAX_REPLACED) return { text, ...candidate, replaced }
  }
  return null
}

function isCharset(label: string): boolean {
  return (
    sniffEncoding(new Uint8Array(0), { transportLayerEncodingLabel: label, defaultEncoding: null }) !== null ||
    charsetName(label) === 'iso-2022-jp'
  )
}

function evidenceOf(charset: string, candidates: readonly { charset: string; evidence: CharsetEvidence }[]) {
  return candidates.find((candidate) => candidate.charset === charset)?.evidence ?? 'utf-8'
}

/** UTF-16 without a mark: of text in mostly Latin letters, every other byte is zero. */
function widthOfZeros(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const sample = bytes.subarray(0, 512)
  const zeros = [0, 0]
  sample.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] as number) + 1
  })
  const [even, odd] = zeros as [number, number]
  if (odd > sample.length / 4 && even < odd / 16) return 'utf-16le'
  if (even > sample.length / 4 && odd < even / 16) return 'utf-16be'
  return null
}
