import type { Program } from '../schedule/program.js'

/** One kernel on one thread; a GPU counts as one. A launch may run several kernels, one after the other. */
export interface KernelRun {
  readonly program: Program
  /** Index of the launch in the program. */
  readonly launch: number
  readonly kernel: string
  readonly thread: number
  /** Milliseconds since 1970: to a fraction of a microsecond, or to 0.1 ms where a browser rounds its GPU's clock. */
  readonly begin: number
  readonly end: number
}

/** Takes the times of kernels while it is on; where it is off it costs nothing. */
export interface KernelTimer {
  readonly threads: number
  start(): void
  /** What has run since `start`. */
  stop(): readonly KernelRun[] | Promise<readonly KernelRun[]>
}
