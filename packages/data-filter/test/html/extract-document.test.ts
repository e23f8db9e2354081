import { Readability } from '@mozilla/readability'
import { describe, expect, it, vi } from 'vitest'
import { OptionError } from '../../src/data-filter-error.js'
import { type Extraction, type ExtractorName, extractDocument } from '../../src/html/index.js'

const SENTENCE = 'These are words of a sentence that says something, and then goes on for a while to say it again.'
const article = (inside = '', count = 8) =>
  `<p>${SENTENCE}</p>`.repeat(count) + inside + `<p>${SENTENCE}</p>`.repeat(count)
const EXTRACTORS: readonly ExtractorName[] = ['readability', 'density']

function textOf(extraction: Extraction): string {
  if (extraction.outcome !== 'text') throw new Error(`${extraction.outcome}: ${extraction.reason}`)
  return extraction.text
}

describe.each(EXTRACTORS)('extractDocument with %s', (extractor) => {
  const extract = (html: string, maxBytes?: number) =>
    extractDocument(html, { extractor, ...(maxBytes ? { maxBytes } : {}) })

  it('gives paragraphs, headings and list items a line each, whitespace as one space, entities as characters', () => {
    const page = `<html><head><title>Of lines | Site</title></head><body><nav><a href="/">Home</a></nav><article>${article(
      `<h3>A heading of its own</h3><p>Some <b>bold</b> and\n\t linked&nbsp;<a href="/x">words</a>,<br>a break &lt; &amp; &eacute;&#x4e2d;,
       and enough words to make more than sixteen of them in this line, says the author.</p>
       <ul><li>${SENTENCE} First.</li><li>${SENTENCE} Second.</li></ul>`,
    )}</article></body></html>`
    const found = extract(page)
    const lines = textOf(found).split('\n')
    expect(lines.slice(0, 8)).toEqual(new Array(8).fill(SENTENCE))
    expect(lines.slice(8, 13)).toEqual([
      'A heading of its own',
      'Some bold and linked words,',
      'a break < & é中, and enough words to make more than sixteen of them in this line, says the author.',
      `${SENTENCE} First.`,
      `${SENTENCE} Second.`,
    ])
    expect(lines).toHaveLength(21)
    expect(found).toHaveProperty('title', expect.stringContaining('Of lines'))
  })
  it('leaves out scripts, styles, comments, hidden elements, templates and captions', () => {
    const page = article(
      `<script>var secret1 = "</p>"</script><style>secret2</style><!-- secret3 --><div style="display: none">secret4</div>
       <p hidden>secret5</p><template><p>secret6</p></template><noscript>secret7</noscript><svg><text>secret8</text></svg>
       <figure><img alt="secret9"><figcaption>secret10</figcaption></figure><textarea>secret11</textarea><select><option>secret12</select>`,
    )
    const text = textOf(extract(page))
    expect(text).not.toContain('secret')
    expect(text.split('\n')).toEqual(new Array(16).fill(SENTENCE))
  })
  it('leaves out navigation and lists of links', () => {
    const links = `<ul>${'<li><a href="/a">Another page of this site</a></li>'.repeat(8)}</ul>`
    const page = `<body><div class="menu">${links}</div><div>${article(links)}</div><div class="footer">${links}</div></body>`
    expect(textOf(extract(page)).split('\n')).toEqual(new Array(16).fill(SENTENCE))
  })
  it('keeps a hidden body, since scripts show it later', () => {
    expect(textOf(extract(`<body style="display:none">${article()}</body>`))).toContain(SENTENCE)
  })
  it('says empty where there is no text', () => {
    const empty = { outcome: 'empty', reason: 'no main content' }
    for (const page of ['', ' \n', '<html></html>', '<p></p>', '<script>a b c</script>', '<!--']) {
      expect(extract(page)).toEqual(empty)
    }
  })
  it('refuses what is over maxBytes, in bytes of UTF-8', () => {
    const page = article('é')
    const bytes = Buffer.byteLength(page)
    expect(extract(page, bytes).outcome).toBe('text')
    expect(extract(page, bytes - 1)).toEqual({ outcome: 'too-large', reason: `more than ${bytes - 1} bytes` })
    expect(extract(' '.repeat(8 * 2 ** 20 + 1))).toEqual({ outcome: 'too-large', reason: 'more than 8388608 bytes' })
  })
  it('refuses 100,000 nested elements, and reads 2,000', () => {
    expect(extract('<div>'.repeat(100_000) + article())).toEqual({
      outcome: 'too-deep',
      reason: 'more than 2048 elements inside one another',
    })
    const deep = textOf(extract('<div>'.repeat(2000) + article() + '</div>'.repeat(2000)))
    expect(deep.split(SENTENCE)).toHaveLength(17)
  })
  it('refuses more nodes than a tree has room for', () => {
    const refused = { outcome: 'too-large', reason: 'more than 300000 texts, attributes and thirds of elements' }
    expect(extract('<i>a</i>'.repeat(75_001))).toEqual(refused)
    expect(extract('<br a b c>'.repeat(50_001))).toEqual(refused)
    expect(extract('<meta a b>'.repeat(60_001))).toEqual(refused)
  })
  it('keeps millions of stray signs as they are', () => {
    const signs = '< & > '.repeat(1e5)
    expect(textOf(extract(`${article()}<p>${SENTENCE} ${signs}`))).toContain(signs.trim())
    expect(textOf(extract(`${article()}<p>${SENTENCE} &lt;b&gt; \ufdd1 &amp;amp;`))).toMatch(
      / <b> [\ufdd1\ufffd] &amp;$/,
    )
  })
  it('survives null bytes, unclosed tags, quotes and comments, entity floods, long attributes', () => {
    const whole = new Array(16).fill(SENTENCE)
    expect(textOf(extract(article().replaceAll('words', 'wo\0rds'))).split('\n')).toEqual(whole)
    expect(textOf(extract(article().replaceAll('</p>', ''))).split('\n')).toEqual(whole)
    expect(textOf(extract(`${article()}<!-- ${'-'.repeat(1e6)}`)).split('\n')).toEqual(whole)
    expect(textOf(extract(`${article()}<a href="${'x'.repeat(1e6)}`)).split('\n')).toEqual(whole)
    const attributes = `class="${'a '.repeat(1e6)}" style="${'x:y;'.repeat(5e5)}" data-a="${'b'.repeat(1e6)}"`
    expect(textOf(extract(`<div ${attributes}>${article()}</div>`)).split('\n')).toEqual(whole)
    // No entity stands for others: the text cannot outgrow the page.
    const bomb = `<!DOCTYPE x [<!ENTITY a "${'b'.repeat(100)}"><!ENTITY c "${'&a;'.repeat(100)}">]>${article(`<p>${'&c;&amp;amp;&#0;&#x110000;'.repeat(1e5)} end of it</p>`)}`
    const text = textOf(extract(bomb))
    expect(text).toContain(SENTENCE)
    expect(text.length).toBeLessThan(bomb.length)
  })
  it('survives whatever bytes', () => {
    let state = 1
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const parts = [
      '<',
      '>',
      '</',
      '/>',
      '<p',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '"',
      "'",
      '=',
      '&',
      '&#',
      ';',
      'div',
      'svg',
      'table',
      '<svg>',
    ]
    parts.push(
      '<a ',
      '<script>',
      '</script>',
      '<title>',
      '<body>',
      '</body>',
      '<meta ',
      '\0',
      '\ud800',
      '\udc00',
      '__proto__',
      ' ',
      'word ',
    )
    for (let page = 0; page < 300; page++) {
      let html = ''
      for (let i = 0; i < 200; i++) html += parts[next(parts.length)]
      expect(extract(html + article(html)).outcome).toMatch(/^(text|empty)$/)
    }
  })
})

describe('extractDocument', () => {
  it('keeps the lines of preformatted text', () => {
    const text = textOf(extractDocument(article('<pre>first, line of code\n  second line\n\nthird line</pre>')))
    expect(text).toContain(`${SENTENCE}\nfirst, line of code\nsecond line\nthird line\n${SENTENCE}`)
  })
  it('leaves out what pages call a share bar or a byline, but not all of a page that calls its paragraphs so', () => {
    const bar = article(
      '<div class="ShareBar">Tell all of your friends, this, today</div><p id="post_byline">By a man</p>',
    )
    expect(textOf(extractDocument(bar)).split('\n')).toEqual(new Array(16).fill(SENTENCE))
    const named = `<div class="related-text"><p>${SENTENCE}</p></div>`.repeat(8)
    expect(textOf(extractDocument(`<article>${named}</article>`)).split('\n')).toEqual(new Array(8).fill(SENTENCE))
  })
  it('tells of an error of a library as an outcome', () => {
    const parse = vi.spyOn(Readability.prototype, 'parse').mockImplementation(() => {
      throw new RangeError('Maximum call stack size exceeded')
    })
    const found = extractDocument(article())
    parse.mockRestore()
    expect(found).toEqual({ outcome: 'error', reason: 'RangeError: Maximum call stack size exceeded' })
  })
  it('keeps headings that link to themselves, by # or by the address of the page, and not those that lead elsewhere', () => {
    const heading = (href: string) => article(`<h3><a href="${href}">A heading in a link</a></h3>`)
    const has = (href: string, url = '') => textOf(extractDocument(heading(href), { url })).includes('A heading')
    expect(has('#there')).toBe(true)
    expect(has('https://a.example/b#there', 'https://a.example/b')).toBe(true)
    expect(has('https://a.example/c#there', 'https://a.example/b')).toBe(false)
    expect(has('/other')).toBe(false)
  })
  it('finds text in scripts without spaces by density', () => {
    const page = `<p>${'这是一个没有空格的句子,它说了一些事情。'.repeat(4)}</p>`.repeat(5)
    expect(textOf(extractDocument(`<div><a href="/">主页</a></div>${page}`, { extractor: 'density' }))).toMatch(/^这是/)
  })
  it('says which options are none', () => {
    const wrong = (options: object) => () => extractDocument('', options)
    expect(wrong({ extractor: 'boiler' })).toThrow(
      new OptionError('extractDocument: extractor', "'readability' or 'density'", "'boiler'", 'Name one of them.'),
    )
    expect(wrong({ maxBytes: 0 })).toThrow(
      'extractDocument: maxBytes: expected a whole number of at least 1, got 0. Leave it out for 8 MiB.',
    )
  })
})
