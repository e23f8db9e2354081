import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { machine } from './machine.js'

/** Writes a run's rows to bench/results/<date>-<name>.json, with the machine and the commit, and says where. */
export function writeResult(name: string, rows: readonly object[]): void {
  const folder = join(process.cwd(), 'bench', 'results')
  const date = new Date().toISOString().slice(0, 10)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${date}-${name}.json`)
  writeFileSync(file, `${JSON.stringify({ name, date, commit: commit(), machine: machine(), rows }, null, 2)}\n`)
  console.error(`written: bench/results/${date}-${name}.json`)
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}
