import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Application, ReflectionKind, TSConfigReader } from 'typedoc'
import { publishedPackages } from './source-pages.js'

/** One import path of one package, with its page. */
export interface ApiPage {
  /** `@almanac/tensor-core/nn` */
  readonly name: string
  /** Relative to the site's root: `api/@almanac/tensor-core/nn`. */
  readonly page: string
  /** The source behind the import path, relative to the repository's root. */
  readonly entry: string
}

type Exports = Readonly<Record<string, string | Readonly<Record<string, string>>>>

/** Every import path of every published package, from the export maps. */
export const apiPages = (root: string): ApiPage[] =>
  publishedPackages(root).flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8')) as {
      name: string
      exports: Exports
    }
    return Object.entries(exports).flatMap(([path, target]): ApiPage[] => {
      if (typeof target === 'string') return []
      const entry = join('packages', folder, target['@almanac/source'] ?? '')
      return [{ name: name + path.slice(1), page: `api/${name}${path.slice(1)}`, entry }]
    })
  })

/**
 * Writes one page for each import path, from the docstrings of the sources.
 * @returns what TypeDoc warned of (links to nothing, for example)
 */
export const writeApi = async (root: string, folder: string): Promise<{ pages: ApiPage[]; warnings: number }> => {
  const pages = apiPages(root).filter(({ entry }) => existsSync(join(root, entry)))
  const app = await Application.bootstrapWithPlugins(
    {
      name: 'API reference',
      entryPoints: pages.map(({ entry }) => join(root, entry)),
      tsconfig: join(root, 'tsconfig.json'),
      plugin: ['typedoc-plugin-markdown'],
      out: join(folder, 'api'),
      router: 'module',
      readme: 'none',
      disableGit: true,
      disableSources: true,
      excludePrivate: true,
      excludeInternal: true,
      excludeExternals: true,
      alwaysCreateEntryPointModule: true,
      hideGenerator: true,
      // What people call first.
      groupOrder: ['Functions', 'Variables', 'Classes', '*'],
      logLevel: 'Warn',
      // The types are checked by npm run check; here they are only read.
      skipErrorChecking: true,
      validation: { notExported: false, invalidLink: true, notDocumented: false },
      // Options of the Markdown plugin.
      ...({
        entryFileName: 'index',
        hidePageHeader: true,
        hideBreadcrumbs: true,
        useCodeBlocks: true,
        parametersFormat: 'table',
        interfacePropertiesFormat: 'table',
        classPropertiesFormat: 'table',
        typeDeclarationFormat: 'table',
        tableColumnSettings: { hideDefaults: true, hideOverrides: true, hideInherited: true },
        sanitizeComments: true,
        expandObjects: false,
      } as Record<string, unknown>),
    },
    [new TSConfigReader()],
  )
  const project = await app.convert()
  if (project === undefined)
    throw new Error('docs: expected TypeDoc to read the sources, got errors. The lines above name the file.')
  // A module's page is named after what users import, not after the file behind it.
  const named = new Map(
    pages.map(({ entry, name }) => [entry.replace(/^packages\//, '').replace(/\/index\.ts$/, ''), name]),
  )
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    module.name = named.get(module.name) ?? module.name
  }
  await app.generateOutputs(project)
  return { pages, warnings: app.logger.warningCount }
}
