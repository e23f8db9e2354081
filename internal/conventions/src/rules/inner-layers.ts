import { dirname, join, posix } from 'node:path'
import { importsOf } from '../imports.js'
import { innerLayers as rules } from '../layers.js'
import type { Problem } from '../problem.js'
import { sourceFiles } from '../source-files.js'
import type { WorkspacePackage } from '../workspace-package.js'

const under = (path: string, part: string) => (part.endsWith('/') ? path.startsWith(part) : path === part)

/** Arrows between the folders of one package's src/. */
export const innerLayers = (pkg: WorkspacePackage): Problem[] => {
  const { root, folder } = pkg
  const own = rules[folder.replace(/^packages\//, '')] ?? []
  return sourceFiles(pkg, 'src').flatMap((file) => {
    const path = file.slice('src/'.length)
    const applying = own.filter(({ from }) => from.some((part) => under(path, part)))
    if (applying.length === 0) return []
    return importsOf(join(root, folder, file)).flatMap((specifier) => {
      if (!specifier.startsWith('.')) return []
      const target = posix.join(dirname(path), specifier).replace(/\.js$/, '.ts')
      return applying
        .filter(({ never }) => never.some((part) => under(target, part)))
        .map(({ never, why }) => ({
          file: `${folder}/${file}`,
          expected: `nothing from ${never.join(', ')}`,
          got: specifier,
          todo: `${why} Turn the arrow round, or move the shared part down.`,
        }))
    })
  })
}
