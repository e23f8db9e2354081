import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

const bootstrap = join(import.meta.dirname, '..')

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface FakeRepository {
  readonly root: string
  /** Lines the stand-ins for npm, turbo and vitest wrote: what was called, in order. */
  calls(): string[]
  write(path: string, text: string): void
  program(path: string, body: string): void
  start(args: readonly string[], env?: Record<string, string>): { child: ChildProcess; finished: Promise<Finished> }
  run(args: readonly string[], env?: Record<string, string>): Promise<Finished>
}

/** The bootstrap in a temporary repository, with stand-ins on PATH that note each call and chatter on stdout. */
export const fakeRepository = (): FakeRepository => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'almanac-bootstrap-')))
  const log = join(root, 'calls.log')
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const program = (path: string, body: string) => {
    write(path, `#!/bin/sh\necho "$(basename "$0") $1 $2" >> '${log}'\necho chatter\n${body}\n`)
    chmodSync(join(root, path), 0o755)
  }
  cpSync(bootstrap, join(root, 'internal/bootstrap'), {
    recursive: true,
    filter: (path) => path !== import.meta.dirname,
  })
  write('package.json', JSON.stringify({ type: 'module', packageManager: 'pnpm@10.34.8' }))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json', 'turbo.json']) write(file, '')
  mkdirSync(join(root, 'packages'))
  write('apps/reference/package.json', JSON.stringify({ name: '@almanac/reference', scripts: { build: 'tsup' } }))
  write('apps/reference/src/cli.ts', '1')
  program('bin/npm', '')
  program('node_modules/.bin/turbo', `mkdir -p apps/reference/dist\ncp cli.mjs apps/reference/dist/cli.js`)
  write('cli.mjs', "console.log('cli', ...process.argv.slice(2))\n")

  const start: FakeRepository['start'] = (args, env = {}) => {
    const PATH = `${join(root, 'bin')}${delimiter}${process.env.PATH ?? ''}`
    const child = spawn(process.execPath, ['internal/bootstrap/main.mjs', ...args], {
      cwd: root,
      env: { ...process.env, INIT_CWD: root, ...env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const text = { stdout: '', stderr: '' }
    child.stdout?.on('data', (data) => (text.stdout += data))
    child.stderr?.on('data', (data) => (text.stderr += data))
    return { child, finished: new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text }))) }
  }
  return {
    root,
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    write,
    program,
    start,
    run: (args, env) => start(args, env).finished,
  }
}
