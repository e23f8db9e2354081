import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Problem } from '../problem.js'
import type { WorkspacePackage } from '../workspace-package.js'

const core = '@almanac/tensor-core'
const node = '>=20.19'
const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))

/** What every package.json under packages/ has to say. */
export const packageContract = ({ root, folder, manifest }: WorkspacePackage): Problem[] => {
  if (!folder.startsWith('packages/')) return []
  const file = `${folder}/package.json`
  const problems: Problem[] = []
  const want = (holds: boolean, expected: string, got: unknown, todo: string) => {
    if (!holds) problems.push({ file, expected, got: show(got), todo })
  }

  const name = `@almanac/${folder.slice('packages/'.length)}`
  want(manifest.name === name, `name ${show(name)}`, manifest.name, 'Name the package after its folder.')
  want(/^\d+\.\d+\.\d+/.test(manifest.version ?? ''), 'a version', manifest.version, 'Start with "0.1.0".')
  want(
    (manifest.description ?? '').length >= 20,
    'a description of at least 20 characters',
    manifest.description,
    'Say in one sentence what the package is for.',
  )
  want(manifest.license === 'MIT', 'license "MIT"', manifest.license, 'Set it.')
  want(manifest.type === 'module', 'type "module"', manifest.type, 'Set it; packages are ESM only.')
  want(
    manifest.sideEffects === false,
    'sideEffects false',
    manifest.sideEffects,
    'Set it; bundlers drop unused modules only then.',
  )
  want(manifest.engines?.node === node, `engines.node ${show(node)}`, manifest.engines?.node, 'Set it.')
  want(
    manifest.scripts?.build === 'tsup',
    'scripts.build "tsup"',
    manifest.scripts?.build,
    'Use the shared tsup configuration.',
  )
  want(
    manifest.scripts?.check === 'almanac-conventions package',
    'scripts.check "almanac-conventions package"',
    manifest.scripts?.check,
    'Set it, or the package is never checked.',
  )
  for (const part of ['dist', 'src']) {
    want(
      manifest.files?.includes(part) === true,
      `files with "${part}"`,
      manifest.files,
      'Source maps need both dist and src.',
    )
  }

  const exports = manifest.exports ?? {}
  want(
    exports['./package.json'] === './package.json',
    'exports["./package.json"]',
    exports['./package.json'],
    'Add "./package.json": "./package.json".',
  )
  want(Object.keys(exports).length > 1, 'an export besides ./package.json', Object.keys(exports), 'Export the package.')
  for (const [path, target] of Object.entries(exports)) {
    if (path === './package.json') continue
    const conditions = typeof target === 'string' ? ['default'] : Object.keys(target)
    const order = '@almanac/source,types,default'
    want(
      conditions.join() === order,
      `exports["${path}"] with the conditions ${order} in this order`,
      conditions,
      'Put the source first, so that the workspace runs on sources.',
    )
    const source = typeof target === 'string' ? target : (target['@almanac/source'] ?? '')
    want(
      existsSync(join(root, folder, source)),
      `exports["${path}"] to name an existing source`,
      source,
      'Write the file or take the export away.',
    )
  }

  const runtime = manifest.dependencies ?? {}
  if (name === core) {
    want(
      Object.keys(runtime).length === 0,
      'no dependencies',
      runtime,
      'tensor-core has none at run time; make it an optional peer.',
    )
    return problems
  }
  want(
    !(core in runtime),
    `${core} as a peer`,
    'a dependency',
    'Move it to peerDependencies and devDependencies: two copies in one process do not work.',
  )
  if (core in (manifest.peerDependencies ?? {})) {
    const peer = manifest.peerDependencies?.[core]
    want(peer === 'workspace:^', `peerDependencies["${core}"] "workspace:^"`, peer, 'Set it.')
    want(
      core in (manifest.devDependencies ?? {}),
      `${core} in devDependencies too`,
      undefined,
      'Add "workspace:^", or tests do not find it.',
    )
  }
  return problems
}
