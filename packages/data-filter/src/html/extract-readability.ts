import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { compactPage } from './compact-page.js'
import type { MainText } from './main-text.js'
import { nodeLines } from './node-lines.js'

export function extractReadability(html: string, url?: string): MainText | null {
  const page = compactPage(html, url)
  if (page === null) return null
  const { document } = parseHTML(page)
  const article = new Readability<Node>(document as unknown as Document, {
    disableJSONLD: true,
    serializer: (node) => node,
  }).parse()
  const lines = article?.content ? nodeLines(article.content) : []
  const title = article?.title?.trim()
  return { text: lines.join('\n'), ...(title ? { title } : {}) }
}
