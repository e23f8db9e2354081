import { expect, it } from 'vitest'
import { childText, escapeXml, parseXml, type XmlElement } from '../../src/io/s3-xml.js'

it('reads the elements of an answer', () => {
  // S3 sends white space to keep a connection open before it answers.
  const root = parseXml(
    '\n  <?xml version="1.0" encoding="UTF-8"?>\n<List xmlns="http://s3"><Prefix/><Token></Token>' +
      '<Contents><Key>a &amp; &lt;b&gt; &#x27;&#233;</Key><Size>3</Size></Contents><Contents><Key>c</Key></Contents></List>\n',
  ) as XmlElement
  expect(root.name).toBe('List')
  expect(root.children.map(({ name }) => name)).toEqual(['Prefix', 'Token', 'Contents', 'Contents'])
  expect(childText(root, 'Prefix')).toBe('')
  expect(childText(root, 'Absent')).toBe(undefined)
  expect(childText(root.children[2] as XmlElement, 'Key')).toBe("a & <b> 'é")
})

it.each([
  '',
  'not xml',
  '<List><Key>cut',
  '<List><Key>cut</Key>',
  '<List><Key>wrong</List></Key>',
  '<html><body><p>two<p>paragraphs</body></html>',
  '<List></List><List></List>',
  '<a>'.repeat(100_000),
  '<a>'.repeat(17) + '</a>'.repeat(17),
])('gives null for what is no answer: %#', (text) => {
  expect(parseXml(text)).toBe(null)
})

it('escapes what XML would read', () => {
  const text = `<"a" & 'b'>`
  expect(parseXml(`<A>${escapeXml(text)}</A>`)?.text).toBe(text)
})
