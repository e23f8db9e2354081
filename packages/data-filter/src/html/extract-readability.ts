import { Readability } from '@mozilla/readability'
import type { MainText } from './main-text.js'
import { withoutMarks } from './markup-marks.js'
import { nodeLines } from './node-lines.js'
import { pageDocument } from './page-document.js'
import type { PageRefusal } from './page-events.js'
import { isSideMatter } from './side-matter.js'

/** Where leaving side matter out takes more than this of the text, the page names its content so, and all of it is kept. */
const MOST_SIDE_MATTER = 0.5

/**
 * The main content of a page: the elements that Mozilla's Readability 0.6 chooses, without captions, bylines, share bars and lists of
 * links that stand among them, line by line as trafilatura's txt format has it; or why the page is refused. `url` is the page's
 * own address.
 */
export function extractReadability(html: string, url?: string): MainText | PageRefusal {
  const document = pageDocument(html, url)
  if (typeof document === 'string') return document
  const article = new Readability<Node>(document, {
    disableJSONLD: true,
    keepClasses: true,
    serializer: (node) => node,
  }).parse()
  const title = article?.title?.trim()
  const text = article?.content ? withoutMarks(linesOf(article.content).join('\n')) : ''
  return { text, ...(title ? { title } : {}) }
}

function linesOf(content: Node): string[] {
  const all = nodeLines(content)
  const characters = length(all)
  const main = nodeLines(content, (element) => isSideMatter(element, characters))
  return length(main) < (1 - MOST_SIDE_MATTER) * characters ? all : main
}

function length(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length, 0)
}
