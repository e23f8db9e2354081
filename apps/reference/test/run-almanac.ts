import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Readable } from 'node:stream'
import { bundleScript } from '@almanac/test-kit'

const SOURCE = resolve(import.meta.dirname, '../src/cli.ts')

let bundle: Promise<string> | null = null

/** The command built from the sources of all packages, once. */
export function built(): Promise<string> {
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
  environment: Environment = {},
): Promise<Finished> {
  const child = await spawnAlmanac(args, environment)
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

/** Variables of a child's environment beside this process's. */
type Environment = Readonly<Record<string, string>>

/** Ends by itself after four minutes, whatever becomes of the test. */
export async function spawnAlmanac(
  args: readonly string[],
  environment: Environment = {},
): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  return spawn(process.execPath, [await built(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 240_000,
    env: { ...process.env, ...environment },
  })
}

export interface Server {
  readonly url: string
  /** Ends it as Ctrl-C does; the code it ended with. */
  stop(): Promise<number | null>
}

/** Runs a command that serves, until it has said its address. */
export async function startAlmanac(args: readonly string[], environment: Environment = {}): Promise<Server> {
  const child = await spawnAlmanac(args, environment)
  let output = ''
  const closed = new Promise<number | null>((done) => child.on('close', done))
  const url = await new Promise<string>((resolve, reject) => {
    const see = (piece: Buffer) => {
      output += piece.toString()
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(output)
      if (found) resolve(found[0])
    }
    child.stdout.on('data', see)
    child.stderr.on('data', see)
    child.on('close', () => reject(new Error(`ended before it served: ${output}`)))
  })
  return {
    url,
    stop() {
      child.kill('SIGINT')
      return closed
    },
  }
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'almanac-'))
}
