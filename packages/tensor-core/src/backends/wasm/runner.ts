/** A kernel's entry: byte address of its arguments, the worker that calls it, how many there are, and their counters. */
export type KernelFunction = (args: number, worker: number, workers: number, counters: number) => void

export interface KernelModule {
  /** Where every thread puts it in its table. */
  readonly index: number
  readonly module: WebAssembly.Module
}

/** A list of commands in linear memory. */
export interface CommandList {
  readonly address: number
  readonly count: number
  /** Byte address and number of the words that workers claim their work by; they are 0 when a program begins. */
  readonly counters: number
  readonly counterCount: number
  /** Every command is for one thread: nobody need be woken. */
  readonly solo: boolean
  /** For the message, if a command fails. */
  readonly labels: readonly string[]
}

/** The threads that run programs: this one alone, or this one with others. */
export interface Runner {
  readonly workers: number
  /** Puts kernels into every thread's table. */
  install(modules: readonly KernelModule[]): Promise<void>
  /**
   * Runs the commands from start to end. Throws BackendError. `times`: address of two doubles for each command of each
   * thread, where it writes when it began and ended it; 0 for no times.
   */
  run(commands: CommandList, times?: number): Promise<void>
  close(): Promise<void>
}

/** Bytes that the times of a program take. */
export function timesBytes(commands: CommandList, threads: number): number {
  return commands.count * threads * 16
}

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelFunction {
  return new WebAssembly.Instance(module, { env: { memory } }).exports['kernel'] as KernelFunction
}
