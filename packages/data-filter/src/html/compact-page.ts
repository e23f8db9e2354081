import { BLOCK_ELEMENTS } from './block-elements.js'
import { walkPage } from './page-events.js'

/** What extractors look at. Everything else (data-*, handlers, pictures' addresses) only costs time. */
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
const VOID = new Set(['br', 'hr', 'img', 'input', 'wbr', 'col', 'embed', 'meta', 'keygen', 'command'])
/** A name that would end a tag or begin an attribute when it is written again. */
const PLAIN_NAME = /^[a-z][a-z0-9:_-]{0,30}$/

/**
 * The page written again as small, balanced HTML with one head and one body, for parsers that keep a tree: at most FLATTEN_DEPTH deep,
 * without scripts, comments, hidden elements and the attributes that say nothing of the content. Null where it nests too deep.
 * `url` is the page's own address, by which links within the page are known.
 */
export function compactPage(html: string, url = ''): string | null {
  const head: string[] = []
  const body: string[] = []
  let afterBlock = true
  const own = url.split('#')[0] as string
  const tag = (name: string, attributes: Readonly<Record<string, string>>, kept: readonly string[]): string => {
    let text = `<${name}`
    for (const key of kept) {
      const value = attributes[key]
      if (value !== undefined) text += ` ${key}="${escaped(value).replaceAll('"', '&quot;')}"`
    }
    // Extractors ask only whether a link stays within the page.
    const href = attributes['href']
    if (href?.startsWith('#') || (own && href?.startsWith(`${own}#`))) text += ' href="#a"'
    return `${text}>`
  }
  const complete = walkPage(html, {
    open(name, attributes) {
      body.push(PLAIN_NAME.test(name) ? tag(name, attributes, KEPT_ATTRIBUTES) : '<span>')
      afterBlock = BLOCK_ELEMENTS.has(name)
    },
    text(text) {
      // Each node of a tree costs: spaces between blocks are none, and runs are short, but lines of <pre> stay lines.
      const short = text.replace(/\s+/g, (space) => (space.includes('\n') ? '\n' : ' '))
      if (afterBlock && (short === '\n' || short === ' ')) return
      body.push(escaped(short))
      afterBlock = false
    },
    close(name) {
      afterBlock = BLOCK_ELEMENTS.has(name)
      if (!VOID.has(name)) body.push(PLAIN_NAME.test(name) ? `</${name}>` : '</span>')
    },
    meta: (attributes) => void head.push(tag('meta', attributes, ['name', 'property', 'content'])),
    title: (text) => void head.push(`<title>${escaped(text)}</title>`),
  })
  return complete ? `<!DOCTYPE html><html><head>${head.join('')}</head><body>${body.join('')}</body></html>` : null
}

function escaped(text: string): string {
  return text.replace(/[&<\0]/g, (character) => ESCAPES[character] as string)
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '\0': '' }
