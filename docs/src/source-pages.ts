import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeBenchmarksPage } from './benchmarks/benchmarks-page.js'
import { makeFilterKillsPage } from './experiments/filter-kills-page.js'
import { makeFinewebPage } from './experiments/fineweb-page.js'
import { makeKvCachePage } from './experiments/kv-cache-page.js'

/** What of the repository is a page of the site: a file, or something made of files. */
export interface SourcePage {
  /** The file, relative to the repository's root: `packages/attention/README.md`. */
  readonly file: string
  /** The page, relative to the site's root, without an extension: `packages/attention`. */
  readonly page: string
  /** What the sidebar calls it. */
  readonly title: string
  readonly section: 'Guide' | 'Packages' | 'Experiments' | 'Project' | 'Decisions'
  /** Makes the text from what lies at `file`, which is no Markdown. */
  readonly make?: (root: string) => string
  /** Without an outline at the side, for wide tables. */
  readonly wide?: true
}

const markdownIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.md'))
        .sort()
    : []

/** The heading of a page, for sidebars. */
const heading = (file: string): string => /^# (.+)$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? file

/** Packages that are published: folders under packages/ with a README. */
export const publishedPackages = (root: string): string[] =>
  readdirSync(join(root, 'packages'))
    .filter((name) => existsSync(join(root, 'packages', name, 'README.md')))
    .sort()

/** Every page that comes from files of the repository; the API reference is generated beside them. */
export const sourcePages = (root: string): SourcePage[] => [
  { file: 'docs/pages/index.md', page: 'index', title: 'Almanac', section: 'Guide' },
  { file: 'docs/pages/getting-started.md', page: 'getting-started', title: 'Getting started', section: 'Guide' },
  { file: 'docs/pages/playground.md', page: 'playground', title: 'Playground', section: 'Guide' },
  {
    file: 'docs/pages/what-fineweb-keeps.md',
    page: 'what-fineweb-keeps',
    title: 'What would FineWeb keep?',
    section: 'Guide',
  },
  { file: 'docs/pages/how-it-fits.md', page: 'how-it-fits', title: 'How the packages fit', section: 'Guide' },
  { file: 'apps/reference/README.md', page: 'command', title: 'The almanac command', section: 'Guide' },
  ...publishedPackages(root).map(
    (name): SourcePage => ({
      file: `packages/${name}/README.md`,
      page: `packages/${name}`,
      title: name,
      section: 'Packages',
    }),
  ),
  {
    file: 'experiments/kv-cache/results.json',
    page: 'experiments/kv-cache',
    title: 'What a smaller cache costs',
    section: 'Experiments',
    make: makeKvCachePage,
  },
  {
    file: 'experiments/fineweb/results.json',
    page: 'experiments/fineweb',
    title: 'What filtering is worth',
    section: 'Experiments',
    make: makeFinewebPage,
  },
  {
    file: 'experiments/filter-kills/results.json',
    page: 'experiments/filter-kills',
    title: 'Killed and resumed',
    section: 'Experiments',
    make: makeFilterKillsPage,
  },
  { file: 'ARCHITECTURE.md', page: 'architecture', title: 'Architecture', section: 'Project' },
  { file: 'CONTRIBUTING.md', page: 'contributing', title: 'Contributing', section: 'Project' },
  { file: 'PAPERS.md', page: 'papers', title: 'Papers', section: 'Project', wide: true },
  {
    file: 'bench/results',
    page: 'benchmarks',
    title: 'Benchmarks',
    section: 'Project',
    make: makeBenchmarksPage,
    wide: true,
  },
  { file: 'LOG.md', page: 'log', title: 'Log of measurements', section: 'Project' },
  ...markdownIn(join(root, 'decisions'))
    .filter((name) => name !== 'TEMPLATE.md')
    .map(
      (name): SourcePage => ({
        file: `decisions/${name}`,
        page: `decisions/${name.slice(0, -'.md'.length)}`,
        title: heading(join(root, 'decisions', name)),
        section: 'Decisions',
      }),
    ),
]
