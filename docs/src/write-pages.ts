import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rewriteLinks } from './rewrite-links.js'
import { type SourcePage, sourcePages } from './source-pages.js'

/** Writes every source page, its links rewritten, into a fresh folder; pictures in docs/pages/public come along. */
export const writePages = (root: string, folder: string): readonly SourcePage[] => {
  const pages = sourcePages(root)
  const byFile = new Map(pages.map(({ file, page }) => [file, page]))
  rmSync(folder, { recursive: true, force: true })
  for (const { file, page, make, wide } of pages) {
    const to = join(folder, `${page}.md`)
    mkdirSync(dirname(to), { recursive: true })
    const head = wide ? '---\naside: false\n---\n\n' : ''
    const text = make ? make(root) : readFileSync(join(root, file), 'utf8')
    writeFileSync(to, head + rewriteLinks(text, file, byFile))
  }
  const pictures = join(root, 'docs', 'pages', 'public')
  if (existsSync(pictures)) cpSync(pictures, join(folder, 'public'), { recursive: true })
  return pages
}
