import { join } from 'node:path'
import type { DefaultTheme, UserConfig } from 'vitepress'
import type { SourcePage } from './source-pages.js'
import type { ApiPage } from './write-api.js'

/** The sidebar: one group a section, in the order of the pages; the reference last. */
const sidebar = (pages: readonly SourcePage[], api: readonly ApiPage[]): DefaultTheme.SidebarItem[] => {
  const group = (section: SourcePage['section'], collapsed?: boolean): DefaultTheme.SidebarItem => ({
    text: section,
    ...(collapsed === undefined ? {} : { collapsed }),
    items: pages
      .filter((page) => page.section === section && page.page !== 'index')
      .map(({ title, page }) => ({ text: title, link: `/${page}` })),
  })
  return [
    group('Guide'),
    group('Packages'),
    group('Experiments'),
    {
      text: 'API reference',
      collapsed: true,
      items: api.map(({ name, page }) => ({ text: name.replace('@almanac/', ''), link: `/${page}` })),
    },
    group('Project'),
    group('Decisions', true),
  ]
}

/** VitePress's configuration, of plain values only. A link to a page that is not there fails the build. */
export const siteConfig = (
  root: string,
  html: string,
  cache: string,
  pages: readonly SourcePage[],
  api: readonly ApiPage[],
): UserConfig<DefaultTheme.Config> => ({
  title: 'Almanac',
  description: 'LLM research as TypeScript packages: train, adapt and serve small language models without Python.',
  lang: 'en',
  outDir: html,
  cacheDir: cache,
  metaChunk: true,
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      {
        text: 'Try it',
        items: [
          { text: 'Playground', link: '/playground' },
          { text: 'What would FineWeb keep?', link: '/what-fineweb-keeps' },
        ],
      },
      { text: 'API', link: '/api/' },
      { text: 'Papers', link: '/papers' },
    ],
    sidebar: sidebar(pages, api),
    search: { provider: 'local' },
    outline: [2, 3],
  },
  vite: {
    // Pages that compute import their code by this name; the packages come from their sources, as the pages do.
    resolve: {
      alias: Object.fromEntries(
        ['playground', 'filter-page'].map((name) => [`@${name}`, join(root, 'docs', 'src', name)]),
      ),
      conditions: ['@almanac/source'],
    },
    worker: { format: 'es' },
  },
})
