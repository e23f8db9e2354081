import { mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * A script built with the sources of every workspace package into one temporary folder inside `packageFolder` (so that
 * npm packages are found from it), for tests that need a process of its own. Removed when this process ends.
 */
export async function bundleScript(packageFolder: string, entry: string): Promise<string> {
  const folder = mkdtempSync(join(packageFolder, '.test-bundle-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  await build({
    entryPoints: [entry],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@almanac/source'],
    external: ['webgpu'],
    logLevel: 'error',
  })
  return join(folder, basename(entry).replace(/\.[cm]?ts$/, '.mjs'))
}
