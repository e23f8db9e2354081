import { existsSync, readFileSync } from 'node:fs'

const name = (file) => file.replace(/^(\.\/)?dist\//, '').replace(/\.js$/, '')

/** dist name -> source, for every export (its source condition names the file) and every bin (src mirrors dist). */
const declared = ({ exports = {}, bin = {} }) => [
  ...Object.values(exports).flatMap((target) =>
    target['@almanac/source'] ? [[name(target.default), target['@almanac/source']]] : [],
  ),
  ...Object.values(bin).map((file) => [name(file), `./src/${name(file)}.ts`]),
]

// A declared source that does not exist is reported by the structure check, with what to do.
const entries = () =>
  Object.fromEntries(
    declared(JSON.parse(readFileSync('package.json', 'utf8'))).filter(([, source]) => existsSync(source)),
  )

export const almanac = (overrides = {}) => {
  const entry = overrides.entry ?? entries()
  if (Object.keys(entry).length === 0) return []
  return {
    format: ['esm'],
    target: 'node20',
    platform: 'neutral',
    sourcemap: true,
    clean: true,
    treeshake: true,
    // The declarations see siblings as a user does: through their built types, not their sources.
    dts: { compilerOptions: { customConditions: [], noEmit: false } },
    ...overrides,
    entry,
  }
}
