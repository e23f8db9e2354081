import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { WorkspacePackage } from './workspace-package.js'

const walk = (folder: string, prefix: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .flatMap((entry) =>
          entry.isDirectory()
            ? walk(join(folder, entry.name), `${prefix}${entry.name}/`)
            : entry.name.endsWith('.ts')
              ? [`${prefix}${entry.name}`]
              : [],
        )
    : []

/** TypeScript files under a folder of the package, relative to the package: `src/nn/linear.ts`. */
export const sourceFiles = ({ root, folder }: WorkspacePackage, part: 'src' | 'test' | 'examples'): string[] =>
  walk(join(root, folder, part), `${part}/`)
