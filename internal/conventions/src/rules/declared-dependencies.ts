import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { importsOf, packageOf } from '../imports.js'
import type { Problem } from '../problem.js'
import { sourceFiles } from '../source-files.js'
import type { WorkspacePackage } from '../workspace-package.js'

// The root package.json has these for every test.
const everywhereInTests = ['vitest', 'vite', 'typescript']

/** What a file imports must stand in its package.json: in dev only for tests and examples. */
export const declaredDependencies = (pkg: WorkspacePackage): Problem[] => {
  const { root, folder, manifest } = pkg
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies }
  const known = {
    src: new Set([manifest.name, ...Object.keys(runtime)]),
    test: new Set([
      manifest.name,
      ...Object.keys(runtime),
      ...Object.keys(manifest.devDependencies ?? {}),
      ...everywhereInTests,
    ]),
  }
  // Private tools may import what only they use.
  const inSource = folder.startsWith('internal/') ? known.test : known.src
  return (['src', 'test', 'examples'] as const).flatMap((part) =>
    sourceFiles(pkg, part).flatMap((file) =>
      importsOf(join(root, folder, file)).flatMap((specifier) => {
        const name = packageOf(specifier)
        if (name === undefined || isBuiltin(specifier) || (part === 'src' ? inSource : known.test).has(name)) return []
        const field = part === 'src' ? 'dependencies or peerDependencies' : 'devDependencies'
        return [
          {
            file: `${folder}/${file}`,
            expected: `${name} in ${field}`,
            got: 'an import that package.json does not declare',
            todo: `Add it to ${folder}/package.json, or do without it.`,
          },
        ]
      }),
    ),
  )
}
