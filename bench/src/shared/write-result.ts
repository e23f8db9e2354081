import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from './machine.js'

export interface Result {
  readonly versions?: Readonly<Record<string, string>>
  readonly notes?: readonly string[]
  readonly rows: readonly object[]
}

/**
 * Writes a run to bench/results/<date>-<name>.json, with the machine, the commit and the command that repeats it, and says
 * where.
 */
export function writeResult(name: string, result: Result): void {
  const folder = join(process.cwd(), 'bench', 'results')
  const date = new Date().toISOString().slice(0, 10)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${date}-${name}.json`)
  const head = { name, date, commit: commit(), command: command(name), machine: machine() }
  writeFileSync(file, `${JSON.stringify({ ...head, ...result }, null, 2)}\n`)
  console.error(`written: bench/results/${date}-${name}.json`)
}

/** Paths are of one machine: their places keep a word. */
function command(name: string): string {
  const args = process.argv.slice(2).map((arg) => (arg.includes('/') ? '<path>' : arg))
  const [bench] = name.split('-')
  return ['npm run bench --', bench, ...args.filter((arg) => arg !== '--json')].join(' ')
}

/** The commit, and whether the tree had changes beside it; results do not count. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
  try {
    const changed = git('status', '--porcelain', '-uno', '--', '.', ':!bench/results', ':!LOG.md') !== ''
    return git('rev-parse', '--short', 'HEAD') + (changed ? ' and changes' : '')
  } catch {
    return 'unknown'
  }
}
