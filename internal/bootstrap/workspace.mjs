// The folders of the workspace, found without reading YAML (nothing is installed yet when this runs).
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './process.mjs'

const groups = ['packages', 'apps', 'experiments', 'internal']

/** Folders with a package.json, relative to the root, sorted. */
export const workspaceFolders = () =>
  groups
    .filter((group) => existsSync(join(root, group)))
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
    .concat('bench', 'docs')
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort()
