import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

const root = import.meta.dirname

/** Every workspace folder with a test/ directory is one project; all share the settings below. */
const folders = ['packages', 'apps', 'experiments', 'internal']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
  .concat('bench', 'docs')
  .filter((folder) => existsSync(join(root, folder, 'test')))

// Tests run on the sources of every workspace package, never on stale builds.
const conditions = ['@almanac/source', ...defaultServerConditions]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    projects: folders.map((folder) => ({
      extends: true as const,
      test: { name: folder, root: join(root, folder), include: ['test/**/*.test.ts'] },
    })),
  },
})
