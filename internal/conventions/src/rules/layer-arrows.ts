import { join } from 'node:path'
import { importsOf, packageOf } from '../imports.js'
import { allowedImports, internalPackages } from '../layers.js'
import type { Problem } from '../problem.js'
import { sourceFiles } from '../source-files.js'
import type { WorkspacePackage } from '../workspace-package.js'

const todo =
  'Move what both need into a lower layer (types go to @almanac/tensor-core/contracts), or compose them above.'

/** Arrows between packages point down only, in imports and in package.json. */
export const layerArrows = (pkg: WorkspacePackage): Problem[] => {
  const { root, folder, manifest } = pkg
  const allowed = allowedImports(folder)
  if (allowed === undefined) {
    return [
      {
        file: folder,
        expected: 'a layer for every package',
        got: 'a package that no layer names',
        todo: 'Give it its arrows in internal/conventions/src/layers.ts and ARCHITECTURE.md.',
      },
    ]
  }
  if (allowed === 'any') return []
  const below = allowed.length === 0 ? 'no other package' : `only ${allowed.join(', ')}`
  const problems: Problem[] = []
  const forbidden = (name: string, extra: readonly string[] = []) =>
    name.startsWith('@almanac/') && name !== manifest.name && !allowed.includes(name) && !extra.includes(name)

  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies }
  for (const name of Object.keys(declared)) {
    if (!forbidden(name, internalPackages)) continue
    problems.push({ file: `${folder}/package.json`, expected: `${below} below ${manifest.name}`, got: name, todo })
  }
  for (const part of ['src', 'test', 'examples'] as const) {
    for (const file of sourceFiles(pkg, part)) {
      for (const specifier of importsOf(join(root, folder, file))) {
        const name = packageOf(specifier)
        if (name === undefined || !forbidden(name, part === 'src' ? [] : internalPackages)) continue
        problems.push({
          file: `${folder}/${file}`,
          expected: `${below} to be imported from ${manifest.name}`,
          got: specifier,
          todo,
        })
      }
    }
  }
  return problems
}
