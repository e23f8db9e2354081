import { writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** Bundles src/page/ into a folder: the sources of the workloads, and the packages' builds as Node gets them. */
export async function bundlePage(folder: string): Promise<void> {
  await build({
    entryPoints: ['main', 'worker'].map((name) => resolve('bench/src/page', `${name}.ts`)),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // Behind tests of the engine; a page never gets there.
    external: ['node:*', ...builtinModules, 'webgpu'],
    logLevel: 'error',
  })
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>Benchmark</title><script type="module" src="main.js"></script>\n',
  )
}
