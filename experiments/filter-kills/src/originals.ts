import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { messagesToCongress } from '@almanac/experiment-shared'

/** Pages that everything else is made of. */
export interface Originals {
  readonly name: string
  readonly pages: readonly string[]
}

/** The HTML files of a folder, gzipped or not. Throws RangeError where there is none. */
export function pagesOf(folder: string): Originals {
  const names = readdirSync(folder).filter((name) => /\.html?(\.gz)?$/.test(name))
  if (names.length === 0) {
    throw new RangeError(`filter-kills: expected files .html or .html.gz in --pages ${folder}, got none.`)
  }
  const pages = names.sort().map((name) => {
    const bytes = readFileSync(join(folder, name))
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  })
  return { name: `${pages.length} pages of a folder`, pages }
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** Pages made of the messages to Congress, each with a menu and a footer: where there are no pages at hand. */
export function madePages(): Originals {
  const menu = `<nav><ul>${['Home', 'About', 'Archive', 'Contact'].map((name) => `<li><a href="/${name}">${name}</a></li>`).join('')}</ul></nav>`
  const pages = messagesToCongress().map(({ name, text }) => {
    const paragraphs = text.split(/\n\s*\n/).slice(0, 12)
    const body = paragraphs.map((paragraph) => `<p>${escaped(paragraph)}</p>`).join('\n')
    return `<!doctype html><html><head><title>${escaped(name)}</title><style>p { margin: 1em }</style></head><body>${menu}<article><h1>${escaped(name)}</h1>${body}</article><footer>All rights reserved. <a href="/terms">Terms of use</a></footer></body></html>`
  })
  return { name: `${pages.length} pages made of messages to Congress`, pages }
}
