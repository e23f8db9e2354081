import type { Backend, BufferHandle, Executable } from './backends/backend.js'
import { claimProcess } from './duplicate-core.js'
import { AbortError, BackendError } from './errors.js'
import type { PendingAssign } from './state/pending-assign.js'
import { yieldToEventLoop } from './yield-to-event-loop.js'

/** Programs kept loaded for graphs that are realised again in the same form. */
const CACHED_PROGRAMS = 64
/** After this long without a pause an await lets timers, messages and finalisers run. */
const YIELD_AFTER_MS = 8

/**
 * A backend with its queue. Jobs run one at a time in the order in which they were asked for; planning happens inside a
 * job, so it sees exactly what the jobs before it left.
 */
export class Device {
  readonly name: string
  /** What it runs on (adapter and features, threads): known once it has started, or from `findBackends`. */
  detail = ''
  /** Why `init` chose it; empty where it was not `init` that did. */
  chosen = ''
  /** Assigns that no program has run yet, in program order. */
  pendingAssigns: PendingAssign[] = []
  private readonly create: () => Promise<Backend>
  private started: Promise<Backend> | null = null
  private tail: Promise<unknown> = Promise.resolve()
  private readonly programs = new Map<string, Executable>()
  private lastYield = performance.now()
  private closed = false

  constructor(name: string, create: () => Promise<Backend>) {
    claimProcess()
    this.name = name
    this.create = create
  }

  /** The backend, started on first use. */
  start(): Promise<Backend> {
    if (this.closed)
      return Promise.reject(new BackendError(this.name, 'an open device', 'one that was closed', 'Make a new one.'))
    if (this.started === null) {
      this.started = this.create()
      this.started.then(
        ({ detail }) => {
          this.detail = detail ?? this.name
        },
        // A backend that failed to start may be tried again.
        () => {
          this.started = null
        },
      )
    }
    return this.started
  }

  /** Runs a job after all earlier ones. An abort before it begins rejects with AbortError and leaves everything as it was. */
  enqueue<T>(where: string, job: (backend: Backend) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const result = this.tail.then(async () => {
      if (signal?.aborted) throw new AbortError(where)
      const backend = await this.start()
      if (signal?.aborted) throw new AbortError(where)
      const value = await job(backend)
      if (performance.now() - this.lastYield > YIELD_AFTER_MS) {
        await yieldToEventLoop()
        this.lastYield = performance.now()
      }
      return value
    })
    this.tail = result.catch(() => undefined)
    return result
  }

  /** Frees a buffer once the jobs asked for so far are done. */
  release(buffer: BufferHandle): void {
    if (this.closed) return
    void this.enqueue('release', async (backend) => backend.free(buffer)).catch(() => undefined)
  }

  /** A loaded program with this key, or the result of `load`, kept until it is the least recently used of many. */
  async cachedProgram(key: string, backend: Backend, load: () => Promise<Executable>): Promise<Executable> {
    const known = this.programs.get(key)
    if (known) {
      this.programs.delete(key)
      this.programs.set(key, known)
      return known
    }
    const executable = await load()
    this.programs.set(key, executable)
    if (this.programs.size > CACHED_PROGRAMS) {
      const [oldest, program] = this.programs.entries().next().value as [string, Executable]
      this.programs.delete(oldest)
      backend.unload(program)
    }
    return executable
  }

  /** Waits for the queue and ends the backend: its workers, its memory. Tensors on it are lost. */
  async close(): Promise<void> {
    if (this.closed) return
    const { started } = this
    await this.tail
    this.closed = true
    if (started) await (await started).close()
  }
}
