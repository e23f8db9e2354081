import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ProcessError } from './bench-error.js'

type Answer = Readonly<Record<string, number | string>>

/** A process that answers each line of JSON with a line of JSON. */
export interface LineProcess {
  /** The line it began with: its version and what else it says of itself. */
  readonly hello: Answer
  ask(request: object): Promise<Answer>
  close(): Promise<void>
}

/** Starts a process and waits for its first line. Rejects with ProcessError when it ends instead. */
export async function startLineProcess(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<LineProcess> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
  let complaint = ''
  child.stderr.on('data', (piece: Buffer) => {
    complaint = (complaint + piece.toString()).slice(-4000)
  })
  let waiting: { resolve(line: string): void; reject(error: Error): void } | null = null
  let ended: Error | null = null
  const end = (reason: string) => {
    const last = complaint.trim().split('\n').at(-1)
    ended = new ProcessError(`bench: ${file}`, 'an answer', last || reason, `It ran with: ${args.join(' ')}`)
    waiting?.reject(ended)
  }
  child.on('error', (error) => end(error.message))
  child.on('close', (code, signal) => end(`its end (${signal ?? `exit code ${code}`})`))
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    // Libraries print to stdout, too.
    if (line.startsWith('{')) waiting?.resolve(line)
  })
  const next = (request?: object) =>
    new Promise<string>((resolve, reject) => {
      if (ended) return reject(ended)
      waiting = { resolve, reject }
      if (request) child.stdin.write(`${JSON.stringify(request)}\n`)
    }).then((line) => JSON.parse(line) as Answer)
  const hello = await next()
  return {
    hello,
    ask: next,
    async close() {
      if (ended) return
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
      await closed
      clearTimeout(timer)
    },
  }
}
