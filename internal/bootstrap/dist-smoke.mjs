// What a stranger installs: every export path of every package is imported from its build, and the command answers.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './process.mjs'

// A fresh process for each package, started in its folder, so that the package finds itself by name.
const importAll = (folder, names) => {
  const program = `for (const name of ${JSON.stringify(names)}) { const m = await import(name); console.log('dist:', name, Object.keys(m).length, 'exports') }`
  const args = ['--input-type=module', '-e', program]
  return spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 120_000 })
}

const exportNames = ({ name, exports = {} }) =>
  Object.entries(exports)
    .filter(([, target]) => typeof target === 'object')
    .map(([path]) => name + path.slice(1))

export const distSmoke = async () => {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  const count = (label, result) => {
    if (result.status === 0) totals.passed++
    else {
      totals.failed++
      console.log(
        `dist: ${label}: expected exit code 0, got ${result.status ?? result.signal}. ${(result.stderr ?? '').trim()}`,
      )
    }
  }
  for (const name of readdirSync(join(root, 'packages')).sort()) {
    const folder = join(root, 'packages', name)
    if (!existsSync(join(folder, 'package.json'))) continue
    const names = exportNames(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
    const result = importAll(folder, names)
    process.stdout.write(result.stdout ?? '')
    count(name, result)
  }
  const cli = join(root, 'apps', 'reference', 'dist', 'cli.js')
  if (existsSync(cli))
    count('almanac --help', spawnSync(process.execPath, [cli, '--help'], { encoding: 'utf8', timeout: 120_000 }))
  return totals
}
