import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { fakeRepository } from './fake-repository.js'

describe('almanac', () => {
  test('installs, builds and runs; stdout belongs to the command alone', async () => {
    const repository = fakeRepository()
    const { code, stdout, stderr } = await repository.run(['almanac', 'generate', '--top-p', '0.9'])
    expect(stdout).toBe('cli generate --top-p 0.9\n')
    expect(code).toBe(0)
    expect(stderr).toContain('installing dependencies from the lockfile')
    expect(repository.calls()).toEqual(['npm exec --yes', 'turbo run build'])
  })

  test('a second run does neither; a changed source only builds; a changed lockfile also installs', async () => {
    const repository = fakeRepository()
    await repository.run(['almanac'])
    expect(await repository.run(['almanac'])).toEqual({ code: 0, stdout: 'cli\n', stderr: '' })
    expect(repository.calls()).toHaveLength(2)
    repository.write('apps/reference/src/cli.ts', '2')
    await repository.run(['almanac'])
    expect(repository.calls().slice(2)).toEqual(['turbo run build'])
    repository.write('pnpm-lock.yaml', 'changed: true')
    await repository.run(['almanac'])
    expect(repository.calls().slice(3)).toEqual(['npm exec --yes', 'turbo run build'])
  })

  test('a build that failed is tried again', async () => {
    const repository = fakeRepository()
    repository.program('node_modules/.bin/turbo', 'exit 3')
    const { code, stdout, stderr } = await repository.run(['almanac'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(
      'almanac: build: expected every package to build, got exit code 3. The lines above name the file.',
    )
    await repository.run(['almanac'])
    expect(repository.calls().filter((line) => line.startsWith('turbo'))).toHaveLength(2)
  })

  test('an install that failed says what to do', async () => {
    const repository = fakeRepository()
    repository.program('bin/npm', 'exit 1')
    const { code, stderr } = await repository.run(['start'])
    expect(code).toBe(1)
    expect(stderr).toContain(
      'install: expected "pnpm@10.34.8 install --frozen-lockfile" to succeed, got exit code 1. Check the connection to the npm registry;',
    )
  })

  test('relative paths mean the folder the command was typed in', async () => {
    const repository = fakeRepository()
    repository.write('cli.mjs', 'console.log(process.cwd())\n')
    repository.write('data/x.txt', '')
    const { stdout } = await repository.run(['almanac'], { INIT_CWD: join(repository.root, 'data') })
    expect(stdout).toBe(`${join(repository.root, 'data')}\n`)
  })

  test('the exit code is the command’s', async () => {
    const repository = fakeRepository()
    repository.write('cli.mjs', 'process.exitCode = 7\n')
    expect((await repository.run(['almanac'])).code).toBe(7)
  })
})

test('an interrupt reaches the build, ends the command and frees the lock', async () => {
  const repository = fakeRepository()
  const mark = (name: string) => join(repository.root, name)
  repository.program(
    'node_modules/.bin/turbo',
    `trap 'echo > ${mark('interrupted')}; exit 130' INT\necho > ${mark('running')}\nwhile true; do sleep 0.05; done`,
  )
  const { child, finished } = repository.start(['start'])
  while (!existsSync(mark('running'))) await sleep(20)
  child.kill('SIGINT')
  expect((await finished).code).toBe(130)
  expect(existsSync(mark('interrupted'))).toBe(true)
  expect(existsSync(mark('.almanac/bootstrap.lock'))).toBe(false)
})

test('two commands at once install and build once; a lock of a dead process does not count', async () => {
  const repository = fakeRepository()
  repository.program('bin/npm', 'sleep 0.5')
  repository.write('.almanac/bootstrap.lock', '999999999')
  const both = await Promise.all([repository.run(['almanac', 'a']), repository.run(['almanac', 'b'])])
  expect(both.map(({ stdout }) => stdout)).toEqual(['cli a\n', 'cli b\n'])
  expect(repository.calls()).toEqual(['npm exec --yes', 'turbo run build'])
})

test('an unknown command and an unknown benchmark', async () => {
  const repository = fakeRepository()
  expect(await repository.run(['tset'])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'almanac: expected one of start, almanac, bench, experiment, docs, build, check, test, got tset. Run it as "npm run <command>".\n',
  })
  repository.write('bench/src/gemm.ts', '')
  const { code, stderr } = await repository.run(['bench', 'gem'])
  expect(code).toBe(2)
  expect(stderr).toContain('bench: expected one of gemm, got gem. Run "npm run bench -- <name>".')
  repository.write('experiments/kv-cache/src/main.ts', '')
  // What the experiments share is none.
  repository.write('experiments/shared/src/index.ts', '')
  expect((await repository.run(['experiment', 'kv'])).stderr).toContain(
    'experiment: expected one of kv-cache, got kv. Run "npm run experiment -- <name>".',
  )
})

test('several benchmarks run one after the other with the same options; the first that fails decides', async () => {
  const repository = fakeRepository()
  for (const [name, code] of Object.entries({ gemm: 0, train: 3, decode: 4 })) {
    repository.write(`bench/src/${name}.ts`, '')
    repository.write(
      `bench/dist/${name}.js`,
      `console.log('${name}', ...process.argv.slice(2)); process.exitCode = ${code}`,
    )
  }
  const { code, stdout } = await repository.run(['bench', 'gemm', 'train', 'decode', '--threads', '1'])
  expect(stdout).toBe('gemm --threads 1\ntrain --threads 1\ndecode --threads 1\n')
  expect(code).toBe(3)
})

describe('the closing line of npm test', () => {
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)
  const withTotals = (totals: object | undefined, code: number) => {
    const repository = fakeRepository()
    const writing = totals === undefined ? '' : `echo '${JSON.stringify(totals)}' > "$ALMANAC_TEST_TOTALS"`
    repository.program('node_modules/.bin/vitest', `${writing}\nexit ${code}`)
    return repository
  }

  test('adds the check, the tests and the built packages', async () => {
    const repository = withTotals({ passed: 5, failed: 0, skipped: 2 }, 0)
    const { code, stdout } = await repository.run(['test'])
    expect([code, lastLine(stdout)]).toEqual([0, '7 passed, 0 failed, 2 skipped'])
  })

  test('a failed check fails the run', async () => {
    const repository = withTotals({ passed: 5, failed: 0, skipped: 0 }, 0)
    repository.program('node_modules/.bin/turbo', 'exit 1')
    const { code, stdout } = await repository.run(['test'])
    expect([code, lastLine(stdout)]).toEqual([1, '5 passed, 1 failed'])
  })

  test('a runner that dies without a word, or exits non-zero with no failed test, is a failure', async () => {
    expect(lastLine((await withTotals(undefined, 1).run(['test', 'x'])).stdout)).toBe('0 passed, 1 failed')
    expect(lastLine((await withTotals({ passed: 2, failed: 0, skipped: 0 }, 1).run(['test', 'x'])).stdout)).toBe(
      '2 passed, 1 failed',
    )
  })

  test('a package whose build cannot be imported is a failure', async () => {
    const repository = withTotals({ passed: 1, failed: 0, skipped: 0 }, 0)
    const target = { '@almanac/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' }
    repository.write(
      'packages/a/package.json',
      JSON.stringify({ name: '@almanac/a', type: 'module', exports: { '.': target } }),
    )
    const { code, stdout } = await repository.run(['test'])
    expect(stdout).toContain('dist: a: expected exit code 0, got 1.')
    expect([code, lastLine(stdout)]).toEqual([1, '3 passed, 1 failed'])
    repository.write('packages/a/dist/index.js', 'export const a = 1\n')
    expect((await repository.run(['test'])).stdout).toContain('dist: @almanac/a 1 exports')
  })
})

test('the reporter counts broken files and names skipped tests with their reason', async () => {
  const repository = fakeRepository()
  const fake = `
    import Reporter from './internal/bootstrap/totals-reporter.mjs'
    const test = (fullName, result) => ({ fullName, result: () => result })
    const module = (relativeModuleId, state, tests) => ({ relativeModuleId, state: () => state, children: { allTests: () => tests } })
    new Reporter().onTestRunEnd([
      module('a', 'failed', [test('1', { state: 'passed' }), test('2', { state: 'failed' }), test('3', { state: 'skipped', note: 'no GPU' })]),
      module('b', 'failed', []),
      module('c', 'passed', [test('4', { state: 'skipped' })]),
    ], [new Error('unhandled')])
  `
  repository.write('internal/bootstrap/main.mjs', fake.replace('./internal/bootstrap/', './'))
  const { stdout } = await repository.run([], { ALMANAC_TEST_TOTALS: join(repository.root, 'totals.json') })
  expect(stdout).toBe('skipped: a: 3 (no GPU)\nskipped: c: 4 (no reason given in the test)\n')
  expect(JSON.parse(readFileSync(join(repository.root, 'totals.json'), 'utf8'))).toEqual({
    passed: 1,
    failed: 3,
    skipped: 2,
  })
})
