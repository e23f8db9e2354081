import { existsSync, readdirSync } from 'node:fs'
import { almanac } from '@almanac/tsup-config'

// Each file in src/ is one benchmark; each in src/processes/ runs beside one, in a process of its own.
const entries = (folder: string): [string, string][] =>
  existsSync(`src/${folder}`)
    ? readdirSync(`src/${folder}`)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => [`${folder}${file.slice(0, -3)}`, `./src/${folder}${file}`])
    : []

export default almanac({
  entry: Object.fromEntries([...entries(''), ...entries('processes/')]),
  platform: 'node',
  dts: false,
  // Shared code goes into chunks at the top of dist/, from where the paths of processes/ are resolved.
  splitting: true,
  // Private and in TypeScript: its browser is started by the benchmarks, too.
  noExternal: ['@almanac/test-kit'],
})
