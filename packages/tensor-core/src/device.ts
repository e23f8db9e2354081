import type { Backend, Executable } from './backends/backend.js'
import { claimProcess } from './duplicate-core.js'
import { AbortError, BackendError, DeviceLostError } from './errors.js'
import type { DeviceStorage } from './graph/storage.js'
import { lostAssigns } from './state/lost-assigns.js'
import type { PendingAssign } from './state/pending-assign.js'
import { yieldToEventLoop } from './yield-to-event-loop.js'

/** Programs kept loaded for graphs that are realised again in the same form. */
const CACHED_PROGRAMS = 64
/** After this long without a pause an await lets timers, messages and finalisers run. */
const YIELD_AFTER_MS = 8

/**
 * A backend with its queue. Jobs run one at a time in the order in which they were asked for; planning happens inside a
 * job, so it sees exactly what the jobs before it left.
 *
 * A GPU can be lost (a driver reset, a machine that sleeps, memory run out). From then on every job rejects with
 * DeviceLostError until `start` or `init` opens a new backend; what lay on the old one is gone, and reading it says so.
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
  /** How the backend was lost; null while there is one, or none was started. */
  private loss: string | null = null
  private tail: Promise<unknown> = Promise.resolve()
  private readonly programs = new Map<string, { readonly backend: Backend; readonly executable: Executable }>()
  private lastYield = performance.now()
  private closed = false

  constructor(name: string, create: () => Promise<Backend>) {
    claimProcess()
    this.name = name
    this.create = create
  }

  /** The backend, started on first use and anew after a loss. Throws BackendError where it does not open. */
  start(): Promise<Backend> {
    if (this.closed)
      return Promise.reject(new BackendError(this.name, 'an open device', 'one that was closed', 'Make a new one.'))
    if (this.started === null) {
      const started = this.create()
      this.started = started
      started.then(
        (backend) => {
          this.loss = null
          this.detail = backend.detail ?? this.name
          backend.lost?.then((cause) => {
            if (this.started === started && !this.closed) this.lose(backend, cause)
          })
        },
        // A backend that failed to start may be tried again.
        () => {
          this.started = null
        },
      )
    }
    return this.started
  }

  /**
   * Runs a job after all earlier ones. An abort before it begins rejects with AbortError and leaves everything as it was;
   * after a loss it rejects with DeviceLostError.
   */
  enqueue<T>(where: string, job: (backend: Backend) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const result = this.tail.then(async () => {
      if (signal?.aborted) throw new AbortError(where)
      // Only whoever has heard of a loss opens the device again.
      if (this.loss !== null && this.started === null) throw this.lostError(where, this.loss)
      const backend = await this.start()
      if (signal?.aborted) throw new AbortError(where)
      const value = await job(backend).catch(async (error: unknown) => {
        // What fails first on a device that is being lost may be any call; that it is lost is known a moment later.
        if (backend.lost) await yieldToEventLoop()
        const lost = this.loss !== null && !(error instanceof DeviceLostError)
        throw lost ? this.lostError(where, this.loss as string) : error
      })
      if (performance.now() - this.lastYield > YIELD_AFTER_MS) {
        await yieldToEventLoop()
        this.lastYield = performance.now()
      }
      return value
    })
    this.tail = result.catch(() => undefined)
    return result
  }

  /** Frees a buffer once the jobs asked for so far are done; one of a lost backend is gone already. */
  release(storage: Pick<DeviceStorage, 'backend' | 'buffer'>): void {
    if (this.closed) return
    const free = async (backend: Backend) => {
      if (backend === storage.backend) backend.free(storage.buffer)
    }
    void this.enqueue('release', free).catch(() => undefined)
  }

  /** A loaded program with this key, or the result of `load`, kept until it is the least recently used of many. */
  async cachedProgram(key: string, backend: Backend, load: () => Promise<Executable>): Promise<Executable> {
    const known = this.programs.get(key)
    this.programs.delete(key)
    // One whose load a loss has overtaken is of a backend that is gone.
    if (known?.backend === backend) {
      this.programs.set(key, known)
      return known.executable
    }
    const executable = await load()
    this.programs.set(key, { backend, executable })
    if (this.programs.size > CACHED_PROGRAMS) {
      const [oldest, program] = this.programs.entries().next().value as [string, typeof known & object]
      this.programs.delete(oldest)
      if (program.backend === backend) backend.unload(program.executable)
    }
    return executable
  }

  /** Waits for the queue and ends the backend: its workers, its memory. Tensors on it are lost. */
  async close(): Promise<void> {
    if (this.closed) return
    await this.tail
    this.closed = true
    const { started } = this
    if (started) await (await started).close()
  }

  /** Drops what belongs to a backend that is gone, so that nothing of it reaches the next one. */
  private lose(backend: Backend, cause: string): void {
    this.started = null
    this.loss = cause
    this.programs.clear()
    const gone = lostAssigns(this.pendingAssigns)
    this.pendingAssigns = this.pendingAssigns.filter((assign) => !gone.has(assign))
    for (const { state, version } of gone) {
      state.lost = this.lostError(state.name, cause)
      state.executedVersion = version
    }
    backend.close().catch(() => undefined)
  }

  private lostError(where: string, cause: string): DeviceLostError {
    const hint = 'Call init(device) to open it again; then load weights and optimiser states from a checkpoint.'
    return new DeviceLostError(where, `a live device (${this.name})`, `one that was lost (${cause})`, hint)
  }
}
