import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { compactPage } from './compact-page.js'
import type { MainText } from './main-text.js'
import { nodeLines } from './node-lines.js'
import { isSideMatter } from './side-matter.js'

export function extractReadability(html: string, url?: string): MainText | null {
  const page = compactPage(html, url)
  if (page === null) return null
  const { document } = parseHTML(page)
  const article = new Readability<Node>(document as unknown as Document, {
    disableJSONLD: true,
    keepClasses: true,
    serializer: (node) => node,
  }).parse()
  const content = article?.content
  const characters = content?.textContent?.length ?? 0
  const lines = content ? nodeLines(content, (element) => isSideMatter(element, characters)) : []
  const title = article?.title?.trim()
  return { text: lines.join('\n'), ...(title ? { title } : {}) }
}
