import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { decodeText } from '../../src/io/index.js'

const WESTERN = 'Der Müller aß für 5 € ein „gutes“ Brötchen – “naïve” café, déjà vu; à bientôt, señor. '.repeat(4)
const RUSSIAN = 'Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему. '.repeat(4)
const JAPANESE = '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。カタカナも少し。'.repeat(6)
const CHINESE = '道可道，非常道；名可名，非常名。无名，天地之始；有名，万物之母。故常无欲，以观其妙。'.repeat(6)

const page = (text: string, charset = ''): string =>
  `<!doctype html><html><head>${charset && `<meta charset="${charset}">`}<title>${text.slice(0, 20)}</title></head><p>${text}</p>`
const encode = (text: string, charset: string): Uint8Array => Uint8Array.from(iconv.encode(text, charset))
const found = (bytes: Uint8Array, contentType?: string) => {
  const decoded = decodeText(bytes, contentType)
  return decoded && [decoded.charset, decoded.evidence, decoded.replaced]
}

describe('decodeText', () => {
  it.each([
    ['windows-1252', WESTERN],
    ['koi8-r', RUSSIAN],
    ['windows-1251', RUSSIAN],
    ['shift_jis', JAPANESE],
    ['euc-jp', JAPANESE],
    ['iso-2022-jp', JAPANESE],
    ['gb18030', CHINESE],
    ['utf-8', CHINESE],
  ])('decodes %s by the header and by the meta element', (charset, text) => {
    // iconv-lite has no ISO-2022-JP: these bytes are written out.
    const bytes = (html: string) => (charset === 'iso-2022-jp' ? iso2022(html) : encode(html, charset))
    const expected = charset === 'iso-2022-jp' ? page(SHORT) : page(text)
    expect(decodeText(bytes(expected), `text/html; charset="${charset}"`)).toEqual({
      text: expected,
      charset,
      evidence: 'http',
      replaced: 0,
    })
    const named = charset === 'iso-2022-jp' ? page(SHORT, charset) : page(text, charset)
    // The sniffer of meta elements does not know ISO-2022-JP, whose bytes cannot be mistaken.
    const evidence = charset === 'iso-2022-jp' ? 'statistics' : 'meta'
    expect(decodeText(bytes(named), 'text/html')).toEqual({ text: named, charset, evidence, replaced: 0 })
  })
  it.each([
    ['windows-1252', WESTERN],
    ['windows-1251', RUSSIAN],
    ['koi8-r', RUSSIAN],
    ['shift_jis', JAPANESE],
    ['gb18030', CHINESE],
  ])('finds %s without any name', (charset, text) => {
    expect(decodeText(encode(text, charset))).toEqual({ text, charset, evidence: 'statistics', replaced: 0 })
  })
  it('decodes UTF-16 with a mark, with a label, and without either', () => {
    for (const charset of ['utf-16le', 'utf-16be']) {
      const html = page(WESTERN)
      const bytes = encode(html, charset)
      const marked = encode(`\ufeff${html}`, charset)
      expect(decodeText(marked, 'text/html; charset=utf-8')).toEqual({
        text: html,
        charset,
        evidence: 'byte-order-mark',
        replaced: 0,
      })
      expect(decodeText(bytes, `text/html; charset=${charset}`)).toEqual({
        text: html,
        charset,
        evidence: 'http',
        replaced: 0,
      })
      expect(decodeText(bytes)).toEqual({ text: html, charset, evidence: 'statistics', replaced: 0 })
    }
    expect(found(encode('\ufeffabc', 'utf-8'))).toEqual(['utf-8', 'byte-order-mark', 0])
    expect(decodeText(encode('\ufeffabc', 'utf-8'))?.text).toBe('abc')
  })
  it('does not believe labels that the bytes contradict', () => {
    // UTF-8 that says it is something else, in the header or in the page.
    expect(decodeText(encode(page(RUSSIAN, 'windows-1251'), 'utf-8'), 'text/html; charset=iso-8859-1')).toEqual({
      text: page(RUSSIAN, 'windows-1251'),
      charset: 'utf-8',
      evidence: 'utf-8',
      replaced: 0,
    })
    expect(found(encode(page(RUSSIAN), 'utf-8'), 'text/html; charset=utf-16')).toEqual(['utf-8', 'utf-8', 0])
    // Others that say they are UTF-8: the page's own word, or statistics.
    const cyrillic = page(RUSSIAN, 'windows-1251')
    expect(decodeText(encode(cyrillic, 'windows-1251'), 'text/html; charset=utf-8')).toEqual({
      text: cyrillic,
      charset: 'windows-1251',
      evidence: 'meta',
      replaced: 0,
    })
    const japanese = encode(page(JAPANESE, 'utf-8'), 'shift_jis')
    expect(decodeText(japanese, 'text/html; charset=utf-8')).toEqual({
      text: page(JAPANESE, 'utf-8'),
      charset: 'shift_jis',
      evidence: 'statistics',
      replaced: 0,
    })
    expect(found(encode(page(RUSSIAN), 'utf-8'), 'text/html; charset=no-such-charset')).toEqual(['utf-8', 'utf-8', 0])
    expect(found(encode(page(RUSSIAN), 'utf-8'), 'text/html; charset=utf8')).toEqual(['utf-8', 'http', 0])
  })
  it('reads the quotes of windows-1252, under its own name and that of ISO-8859-1', () => {
    for (const label of ['windows-1252', 'iso-8859-1', 'latin1', 'ascii']) {
      expect(decodeText(Uint8Array.of(0x93, 0x80, 0x94), `text/html; charset=${label}`)?.text).toBe('“€”')
    }
  })
  it('replaces a few bytes that are none, such as the last character of a page that was cut', () => {
    const bytes = encode(page(RUSSIAN), 'utf-8')
    const at = page(RUSSIAN).lastIndexOf('м')
    expect(at).toBeGreaterThan(0)
    const cut = bytes.subarray(0, encode(page(RUSSIAN).slice(0, at + 1), 'utf-8').length - 1)
    expect(decodeText(cut, 'text/html; charset=utf-8')).toEqual({
      text: `${page(RUSSIAN).slice(0, at)}\ufffd`,
      charset: 'utf-8',
      evidence: 'http',
      replaced: 1,
    })
  })
  it('gives null where nothing decodes', () => {
    const noise = Uint8Array.from({ length: 4000 }, (_, i) => (i * 7919 * (i + 13)) % 256)
    expect(decodeText(noise, 'text/html; charset=utf-8')).toBeNull()
  })
  it('decodes nothing to nothing', () => {
    expect(decodeText(new Uint8Array(0))).toEqual({ text: '', charset: 'utf-8', evidence: 'utf-8', replaced: 0 })
  })
})

const SHORT = '日本'
/** "日本" is 4F 7C 4B 5C in JIS X 0208, between the escapes for it and for ASCII. */
function iso2022(html: string): Uint8Array {
  return Uint8Array.from(Buffer.from(html.replaceAll(SHORT, '\x1b$BF|K\\\x1b(B'), 'latin1'))
}
