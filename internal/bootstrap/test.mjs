// npm test: checks and builds, all vitest projects on the sources, then the built packages; totals on the last line.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { buildAll, rememberBuild, sourceKey, turbo } from './build.mjs'
import { distSmoke } from './dist-smoke.mjs'
import { root, run, say } from './process.mjs'

/** Exit code of the structure rules, types, linter, formatter, publint and attw. Builds on the way. */
export const runCheck = async () => {
  const key = sourceKey()
  const code = await turbo(['build', 'check', 'check:structure', 'check:types', 'check:style', '--continue'], {
    output: 'inherit',
  })
  if (code === 0) rememberBuild(key)
  console.log(code === 0 ? 'check: everything holds.' : 'check: failed; the lines above say what to do.')
  return code
}

const vitest = async (args) => {
  mkdirSync(join(root, '.almanac'), { recursive: true })
  const file = join(root, '.almanac', 'test-totals.json')
  rmSync(file, { force: true })
  const reporters = ['--reporter=default', '--reporter=./internal/bootstrap/totals-reporter.mjs']
  const code = await run('vitest', ['run', ...reporters, ...args], {
    output: 'inherit',
    env: { ALMANAC_TEST_TOTALS: file },
  })
  // A runner that dies before it reports is one failure, never zero.
  const totals = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1, skipped: 0 }
  if (code !== 0 && totals.failed === 0) totals.failed = 1
  return totals
}

const verdict = (code) => ({ passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 })

/** With arguments: only those test files (vitest's filters), no checks. */
export const runTests = async (args) => {
  const parts = []
  if (args.length > 0) {
    parts.push(await vitest(args))
  } else {
    say('checking and building ...')
    parts.push(verdict(await runCheck()))
    // With a failed check the packages may still build; the tests of the built packages need that.
    if (parts[0].failed > 0) await buildAll().catch((error) => say(error.message))
    parts.push(await vitest([]))
    parts.push(await distSmoke())
  }
  const sum = (name) => parts.reduce((total, part) => total + part[name], 0)
  const [passed, failed, skipped] = [sum('passed'), sum('failed'), sum('skipped')]
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 ? 1 : 0
}
