import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

type Versions = Readonly<Record<string, string>>

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly description?: string
  readonly license?: string
  readonly type?: string
  readonly sideEffects?: boolean
  readonly engines?: { readonly node?: string }
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly files?: readonly string[]
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Versions
  readonly peerDependencies?: Versions
  readonly devDependencies?: Versions
}

export interface WorkspacePackage {
  /** The repository's root, absolute. */
  readonly root: string
  /** Relative to the root, for example `packages/attention`. */
  readonly folder: string
  readonly manifest: Manifest
}

export const readPackage = (root: string, folder: string): WorkspacePackage => ({
  root,
  folder,
  manifest: JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest,
})

/** Every folder of the workspace that has a package.json, sorted by path. */
export const readWorkspace = (root: string): WorkspacePackage[] =>
  ['packages', 'apps', 'experiments', 'internal']
    .filter((group) => existsSync(join(root, group)))
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
    .concat('bench', 'docs')
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort()
    .map((folder) => readPackage(root, folder))
