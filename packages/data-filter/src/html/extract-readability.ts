import { Readability } from '@mozilla/readability'
import type { MainText } from './main-text.js'
import { nodeLines } from './node-lines.js'
import { pageDocument } from './page-document.js'
import { isSideMatter } from './side-matter.js'

export function extractReadability(html: string, url?: string): MainText | null {
  const document = pageDocument(html, url)
  if (document === null) return null
  const article = new Readability<Node>(document, {
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
