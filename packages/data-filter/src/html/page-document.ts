import { parseHTML } from 'linkedom'
import { BLOCK_ELEMENTS } from './block-elements.js'
import { withMarks } from './markup-marks.js'
import { type PageRefusal, walkPage } from './page-events.js'
import { isSideName } from './side-matter.js'

/** What extractors look at. Everything else (data-*, handlers, addresses of pictures and links) only costs time and memory. */
const KEPT_ATTRIBUTES = [
  'class',
  'id',
  'role',
  'rel',
  'itemprop',
  'aria-hidden',
  'aria-modal',
  'colspan',
  'rowspan',
  'summary',
  'datatype',
]
const META_ATTRIBUTES = ['name', 'property', 'content']
const PLAIN_NAME = /^[a-z][a-z0-9:_-]{0,30}$/
const EMPTY = '<!DOCTYPE html><html><head></head><body></body></html>'

/**
 * A page as a small document with one head and one body: at most FLATTEN_DEPTH deep, without scripts, comments, hidden elements and the
 * attributes that say nothing of the content; or why it is refused. Texts are
 * as `withMarks` has them. `url` is the page's own address, by which links within the
 * page are known: theirs is the only `href` that is kept, as `#`.
 */
export function pageDocument(html: string, url = ''): Document | PageRefusal {
  const document: Document = parseHTML(EMPTY).document
  const own = url.split('#')[0]
  const create = (name: string, attributes: Readonly<Record<string, string>>, kept: readonly string[]): Element => {
    const element = document.createElement(PLAIN_NAME.test(name) ? tagOf(name, attributes) : 'span')
    for (const key of kept) {
      const value = attributes[key]
      if (value !== undefined) element.setAttribute(key, value)
    }
    const href = attributes['href']
    if (href?.startsWith('#') || (own && href?.startsWith(`${own}#`))) element.setAttribute('href', '#a')
    return element
  }
  let node: Element = document.body
  let afterBlock = true
  const refusal = walkPage(html, {
    open(name, attributes) {
      const element = create(name, attributes, KEPT_ATTRIBUTES)
      node.appendChild(element)
      node = element
      afterBlock = BLOCK_ELEMENTS.has(name)
    },
    text(text) {
      // Each node of a tree costs: spaces between blocks are none, and runs are short, but lines of <pre> stay lines.
      const short = text.replace(/[^\S\n]+/g, ' ').replace(/ ?\n\s*/g, '\n')
      if (afterBlock && (short === '\n' || short === ' ')) return
      node.appendChild(document.createTextNode(withMarks(short)))
      afterBlock = false
    },
    close(name) {
      node = node.parentElement as Element
      afterBlock = BLOCK_ELEMENTS.has(name)
    },
    meta(attributes) {
      document.head.appendChild(create('meta', attributes, META_ATTRIBUTES))
    },
    title(text) {
      const title = document.createElement('title')
      title.textContent = text
      document.head.appendChild(title)
    },
  })
  return refusal ?? document
}

/** Readability makes paragraphs of small <div>s and forgets what they were called. A <section> it lets be. */
function tagOf(name: string, attributes: Readonly<Record<string, string>>): string {
  return name === 'div' && isSideName(`${attributes['class'] ?? ''} ${attributes['id'] ?? ''}`) ? 'section' : name
}
