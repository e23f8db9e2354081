import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vitepress'
import { siteConfig } from './site-config.js'
import type { SourcePage } from './source-pages.js'
import { type ApiPage, writeApi } from './write-api.js'
import { writePages } from './write-pages.js'

export interface BuiltSite {
  /** Folder of the finished site: index.html and what belongs to it. */
  readonly html: string
  readonly pages: readonly SourcePage[]
  readonly api: readonly ApiPage[]
}

/**
 * Makes the whole site in `folder`: the repository's pages, the API reference from the docstrings, and HTML of both.
 * Rejects where a link leads nowhere, on a page or in a docstring.
 */
export async function buildSite(root: string, folder: string): Promise<BuiltSite> {
  const markdown = join(folder, 'pages')
  const html = join(folder, 'html')
  const pages = writePages(root, markdown)
  const { pages: api, warnings } = await writeApi(root, markdown)
  if (warnings > 0) {
    throw new Error(`docs: expected docstrings without warnings, got ${warnings}. TypeDoc names them above.`)
  }
  // VitePress takes its configuration from a file only.
  const config = siteConfig(root, html, join(folder, 'cache'), pages, api)
  mkdirSync(join(markdown, '.vitepress'), { recursive: true })
  writeFileSync(join(markdown, '.vitepress', 'config.mjs'), `export default ${JSON.stringify(config, null, 2)}\n`)
  await build(markdown)
  return { html, pages, api }
}
