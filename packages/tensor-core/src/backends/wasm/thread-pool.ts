import { BackendError, type TensorError } from '../../errors.js'
import { yieldToEventLoop } from '../../yield-to-event-loop.js'
import { createClock } from './command-clock.js'
import { BARRIER_BEFORE, COMMAND_WORDS, CONTROL, CONTROL_WORDS, SOLO, SPIN_MICROSECONDS } from './control-layout.js'
import type { LinearMemory } from './memory.js'
import { runCommandsAlone } from './run-alone.js'
import { type CommandList, instantiateKernel, type KernelFunction, type Runner } from './runner.js'
import type { SpawnWorker, WorkerHandle } from './spawn-worker.js'

/** This thread blocks for so long at most before it lets events in: the end of a worker is one. */
const BLOCK_MILLISECONDS = 2
const HINT = 'Close the backend and open a new one; what it held is lost.'

/** What a worker sends: the number of the letter that it has read. */
interface Receipt {
  readonly read: number
}

/**
 * `threads` threads over one shared memory; this one is worker 0. All run the same commands and meet at barriers; one
 * notification wakes them for a whole program. A worker that dies makes the run in progress, and every later one, throw.
 */
export async function createThreadPool(
  memory: LinearMemory,
  threads: number,
  canBlock: boolean,
  spawn: SpawnWorker,
): Promise<Runner> {
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4))
  const table: KernelFunction[] = []
  const workers: WorkerHandle[] = []
  /** The last letter that each worker has read; -1: not even the first. */
  const read = new Array<number>(threads - 1).fill(-1)
  let failure: TensorError | null = null
  let closed = false
  let wake: (() => void) | null = null

  const fail = (error: TensorError): void => {
    if (failure || closed) return
    failure = error
    // Whoever waits at a barrier or for a turn goes on, sees the flag and stops.
    Atomics.store(control, CONTROL.abort, 1)
    Atomics.add(control, CONTROL.generation, 1)
    Atomics.notify(control, CONTROL.generation)
    Atomics.add(control, CONTROL.turn, 1)
    Atomics.notify(control, CONTROL.turn)
    for (const worker of workers) worker.terminate().catch(() => {})
    wake?.()
  }
  const onMessage = (worker: number, receipt: Receipt): void => {
    read[worker - 1] = receipt.read
    wake?.()
  }
  const workerError = (worker: number, reason: string): BackendError =>
    new BackendError(`wasm: worker ${worker}`, 'a worker that stays alive', reason, HINT)
  const alive = (): void => {
    if (closed) throw new BackendError('wasm', 'an open backend', 'one that was closed', 'Open a new one.')
    if (failure) throw failure
  }

  /** Until every worker has read letter `number`. */
  const everyoneHasRead = async (number: number): Promise<void> => {
    for (const worker of workers) worker.hold(true)
    while (!failure && !closed && read.some((last) => last !== number)) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    wake = null
    for (const worker of workers) worker.hold(false)
    alive()
  }

  const opened = (generation: number): boolean => Atomics.load(control, CONTROL.generation) !== generation

  /** True once the barrier is open; false if this thread has spun, and blocked where it may, and it still is not. */
  const waitAWhile = (generation: number): boolean => {
    for (let i = 0; i < 256; i++) if (opened(generation)) return true
    const begin = performance.now()
    const spinUntil = begin + (canBlock ? SPIN_MICROSECONDS / 1000 : BLOCK_MILLISECONDS)
    do {
      for (let i = 0; i < 64; i++) if (opened(generation)) return true
    } while (performance.now() < spinUntil)
    if (!canBlock) return false
    Atomics.add(control, CONTROL.sleepers, 1)
    Atomics.wait(control, CONTROL.generation, generation, BLOCK_MILLISECONDS)
    Atomics.sub(control, CONTROL.sleepers, 1)
    return opened(generation)
  }

  /** Arrives at a barrier; the generation to wait for, or -1 if this thread was the last to come. */
  const arrive = (): number => {
    const generation = Atomics.load(control, CONTROL.generation)
    if (Atomics.add(control, CONTROL.arrived, 1) !== threads - 1) return generation
    Atomics.store(control, CONTROL.arrived, 0)
    Atomics.add(control, CONTROL.generation, 1)
    if (Atomics.load(control, CONTROL.sleepers) > 0) Atomics.notify(control, CONTROL.generation)
    return -1
  }

  const inOrder = (): boolean => !failure && !closed && Atomics.load(control, CONTROL.failedWorker) === 0

  /**
   * Lets events in until the barrier is open or somebody has died. A worker that failed before this thread came here has
   * opened an earlier generation: only its flag tells.
   */
  const waitWithEvents = async (generation: number): Promise<void> => {
    while (inOrder() && !waitAWhile(generation)) await yieldToEventLoop()
  }

  /** Throws if somebody has failed; a worker whose kernel did has left its reason in the control block. */
  const checkWorkers = (labels: readonly string[]): void => {
    const worker = Atomics.load(control, CONTROL.failedWorker)
    if (worker !== 0) {
      const units = control.subarray(CONTROL.reason, CONTROL.reason + (control[CONTROL.reasonLength] as number))
      const reason = String.fromCharCode(...units)
      fail(workerError(worker, reason))
      const label = labels[Atomics.load(control, CONTROL.failedCommand)] ?? 'a kernel'
      throw new BackendError(`wasm: ${label}`, 'a kernel that ends', `${reason} in worker ${worker}`, HINT)
    }
    alive()
  }

  const runTogether = async (commands: CommandList, times: number): Promise<void> => {
    const { address, count, labels } = commands
    memory.words(commands.counters, commands.counterCount).fill(0)
    const clock = times === 0 ? null : createClock(memory, times, count, 0)
    Atomics.store(control, CONTROL.times, times)
    Atomics.store(control, CONTROL.commands, address)
    Atomics.store(control, CONTROL.commandCount, count)
    Atomics.add(control, CONTROL.turn, 1)
    Atomics.notify(control, CONTROL.turn)
    const words = memory.words(address, count * COMMAND_WORDS)
    for (let at = 0; at <= count; at++) {
      const flags = at < count ? (words[at * COMMAND_WORDS + 2] as number) : BARRIER_BEFORE
      if (flags & BARRIER_BEFORE) {
        const generation = arrive()
        if (generation >= 0 && !waitAWhile(generation)) await waitWithEvents(generation)
        if (!inOrder()) checkWorkers(labels)
      }
      if (at === count) return
      try {
        const kernel = table[words[at * COMMAND_WORDS] as number] as KernelFunction
        clock?.begin(at)
        const [args, counters] = [words[at * COMMAND_WORDS + 1] as number, words[at * COMMAND_WORDS + 3] as number]
        kernel(args, 0, flags & SOLO ? 1 : threads, flags & SOLO ? 0 : counters)
        clock?.end(at)
      } catch (error) {
        fail(new BackendError(`wasm: ${labels[at]}`, 'a kernel that ends', String(error), HINT))
        alive()
      }
    }
  }

  let letters = 0
  for (let worker = 1; worker < threads; worker++) {
    const handle = await spawn({
      message: (message) => onMessage(worker, message as Receipt),
      ended: (reason) => fail(workerError(worker, reason)),
    })
    workers.push(handle)
    handle.post({ control, memory: memory.memory, worker, workers: threads })
  }
  await everyoneHasRead(0)

  return {
    workers: threads,
    async install(modules) {
      alive()
      for (const { index, module } of modules) table[index] = instantiateKernel(module, memory.memory)
      const number = ++letters
      const turn = (Atomics.load(control, CONTROL.turn) + 1) | 0
      for (const worker of workers) worker.post({ number, turn, modules })
      Atomics.store(control, CONTROL.mail, number)
      Atomics.store(control, CONTROL.turn, turn)
      Atomics.notify(control, CONTROL.turn)
      await everyoneHasRead(number)
    },
    async run(commands, times = 0) {
      alive()
      if (commands.solo) runCommandsAlone(table, memory, commands, times)
      else await runTogether(commands, times)
    },
    async close() {
      if (closed) return
      closed = true
      Atomics.store(control, CONTROL.abort, 1)
      wake?.()
      await Promise.all(workers.map((worker) => worker.terminate()))
      table.length = 0
    },
  }
}
