/** A kernel's entry: byte address of its arguments, the worker that calls it, and how many there are. */
export type KernelFunction = (args: number, worker: number, workers: number) => void

export interface KernelModule {
  /** Where every thread puts it in its table. */
  readonly index: number
  readonly module: WebAssembly.Module
}

/** A list of commands in linear memory. */
export interface CommandList {
  readonly address: number
  readonly count: number
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
  /** Runs the commands from start to end. Throws BackendError. */
  run(commands: CommandList): Promise<void>
  close(): Promise<void>
}

export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): KernelFunction {
  return new WebAssembly.Instance(module, { env: { memory } }).exports['kernel'] as KernelFunction
}
