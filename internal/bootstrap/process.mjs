// Child processes and messages of the bootstrap.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

export const say = (message) => process.stderr.write(`almanac: ${message}\n`)

/** An error whose message is all that a person needs. */
export const expectedError = (message, exitCode = 1) => Object.assign(new Error(message), { expected: true, exitCode })

export const requireNode = (major, minor) => {
  const [a, b] = process.versions.node.split('.').map(Number)
  if (a > major || (a === major && b >= minor)) return
  say(
    `expected Node ${major}.${minor} or later, got ${process.versions.node}. Install a newer Node and run the command again.`,
  )
  process.exit(1)
}

export const binDirectory = join(root, 'node_modules', '.bin')

// turbo starts `pnpm run build` in each package, so the locked pnpm has to be on PATH.
const environment = () => ({
  ...process.env,
  PATH: `${binDirectory}${delimiter}${process.env.PATH ?? ''}`,
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
})

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs a program and resolves to its exit code. Signals are passed on to it; if one came, this process ends with it.
 * @param output 'stderr' sends both of the child's streams to stderr, 'inherit' leaves them.
 */
export const run = (file, args, { output = 'stderr', env = {}, cwd = root } = {}) =>
  new Promise((resolve, reject) => {
    const stdio = output === 'stderr' ? ['ignore', 2, 2] : ['ignore', 'inherit', 'inherit']
    const child = spawn(file, args, {
      cwd,
      env: { ...environment(), ...env },
      stdio,
      shell: process.platform === 'win32',
    })
    let interrupted
    const pass = (signal) => {
      interrupted = signal
      child.kill(signal)
    }
    for (const signal of signals) process.on(signal, pass)
    const stop = () => {
      for (const signal of signals) process.off(signal, pass)
    }
    child.on('error', (error) => {
      stop()
      reject(error)
    })
    child.on('exit', (code, signal) => {
      stop()
      const by = interrupted ?? (code === null ? signal : undefined)
      if (by) reject(expectedError(`interrupted (${by}).`, 128 + (constants.signals[by] ?? 1)))
      else resolve(code)
    })
  })
