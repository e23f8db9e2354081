import { readFileSync } from 'node:fs'

/** dist/x.js -> src path, for every export (its source condition names the file) and every bin (src mirrors dist). */
const entries = ({ exports = {}, bin = {} }) => {
  const name = (file) => file.replace(/^\.?\/?dist\//, '').replace(/\.js$/, '')
  const fromExports = Object.values(exports).flatMap((e) =>
    e['@almanac/source'] ? [[name(e.default), e['@almanac/source']]] : [],
  )
  const fromBin = Object.values(bin)
    .filter((file) => /dist\//.test(file))
    .map((file) => [name(file), `./src/${name(file)}.ts`])
  return Object.fromEntries([...fromExports, ...fromBin])
}

export const almanac = (overrides = {}) => ({
  entry: entries(JSON.parse(readFileSync('package.json', 'utf8'))),
  format: ['esm'],
  target: 'node20',
  platform: 'neutral',
  sourcemap: true,
  clean: true,
  treeshake: true,
  // The declarations see siblings as a user does: through their built types, not their sources.
  dts: { compilerOptions: { customConditions: [], noEmit: false } },
  ...overrides,
})
