import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The built command. */
export function almanacFile(): string {
  return join(dirname(createRequire(import.meta.url).resolve('@almanac/reference/package.json')), 'dist/cli.js')
}

export interface Run {
  readonly child: ChildProcess
  readonly done: Promise<{
    readonly code: number | null
    readonly signal: NodeJS.Signals | null
    readonly stderr: string
  }>
  /** Most memory that the process has had, in bytes; Linux only, else NaN. */
  peakBytes(): number
  /** Stages that this process has passed, done by it or before, as its progress says. */
  stagesPassed(): number
}

/** Starts the command; it ends by itself after an hour, whatever becomes of this process. */
export function startAlmanac(script: string, args: readonly string[]): Run {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 3_600_000 })
  let [stderr, peak, passed] = ['', Number.NaN, 0]
  child.stderr?.on('data', (piece: Buffer) => {
    const text = piece.toString()
    passed += text.match(/^\d\/\d .* 100 %/gm)?.length ?? 0
    stderr = (stderr + text).slice(-4000)
  })
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const kib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1])
      if (kib > 0) peak = Math.max(Number.isNaN(peak) ? 0 : peak, 1024 * kib)
    } catch {
      // No such process any more, or no /proc.
    }
  }, 100)
  const done = new Promise<Awaited<Run['done']>>((resolve) => {
    child.on('close', (code, signal) => {
      clearInterval(timer)
      resolve({ code, signal, stderr })
    })
  })
  return { child, done, peakBytes: () => peak, stagesPassed: () => passed }
}
