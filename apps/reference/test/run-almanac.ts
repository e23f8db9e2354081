import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bundleScript } from '@almanac/test-kit'

const SOURCE = resolve(import.meta.dirname, '../src/cli.ts')

let bundle: Promise<string> | null = null

/** The command built from the sources of all packages, once. */
function built(): Promise<string> {
  bundle ??= bundleScript(resolve(import.meta.dirname, '..'), SOURCE)
  return bundle
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `almanac` as a process of its own. `watch` sees it while it runs. */
export async function runAlmanac(
  args: readonly string[],
  watch?: (child: ChildProcess, stderr: () => string) => void,
): Promise<Finished> {
  const child = spawn(process.execPath, [await built(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (piece: Buffer) => {
    stdout += piece.toString()
  })
  child.stderr.on('data', (piece: Buffer) => {
    stderr += piece.toString()
  })
  watch?.(child, () => stderr)
  return new Promise((done) => child.on('close', (code, signal) => done({ code, signal, stdout, stderr })))
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'almanac-'))
}
