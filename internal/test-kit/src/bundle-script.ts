import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'esbuild'

/**
 * A script built with the sources of every workspace package, for tests that need a process of its own. It lies inside the
 * package, from where the `external` npm packages are found; what earlier processes left there is removed.
 */
export async function bundleScript(
  packageFolder: string,
  entry: string,
  external: readonly string[] = ['webgpu'],
): Promise<string> {
  const bundles = join(packageFolder, '.test-bundles')
  const name = basename(entry).replace(/\.[cm]?ts$/, '')
  const folder = join(bundles, `${name}-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  for (const other of readdirSync(bundles)) {
    if (!isAlive(Number(/-(\d+)$/.exec(other)?.[1]))) rmSync(join(bundles, other), { recursive: true, force: true })
  }
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
    external: [...external],
    // CommonJS packages ask for Node's modules by require, which an ES module has not.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'error',
  })
  return join(folder, `${name}.mjs`)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
