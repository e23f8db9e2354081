import { availableParallelism } from 'node:os'
import { cpuDevice, type Device, init, wasmDevice, webgpuDevice } from '@almanac/tensor-core'
import { readNumber } from './read-options.js'
import { UsageError } from './usage-error.js'

/** Threads beyond this bring nothing on the sizes that are trained here. */
const MOST_THREADS = 16

/** What --backend takes, for the help of commands. */
export const BACKENDS =
  'wasm (default), webgpu (a GPU, through the npm package webgpu), auto (the best that works) or cpu'

/**
 * Starts the backend that --backend and --threads name (wasm on all cores) and makes it the default. What `auto` chose, and
 * why, is said on standard error. Rejects with UsageError for another name, with BackendError where the backend does not start.
 */
export async function chooseDevice(command: string, backend = 'wasm', threads?: string): Promise<Device> {
  const cores = Math.min(availableParallelism(), MOST_THREADS)
  const count = readNumber(command, 'threads', threads, cores, { least: 1, most: MOST_THREADS, whole: true })
  switch (backend) {
    case 'auto':
      return bestDevice(count)
    case 'wasm':
      return init(wasmDevice({ threads: count }))
    case 'webgpu':
      return init(webgpuDevice())
    case 'cpu':
      return init(cpuDevice())
    default:
      throw new UsageError(`${command}: expected --backend wasm, webgpu, auto or cpu, got '${backend}'.`)
  }
}

async function bestDevice(threads: number): Promise<Device> {
  // `chosen` says what a warning would, and more.
  const device = await init({ wasm: { threads }, warn: () => {} })
  process.stderr.write(`backend: ${device.chosen}\n`)
  return device
}
