import { availableParallelism } from 'node:os'
import { cpuDevice, type Device, init, wasmDevice } from '@almanac/tensor-core'
import { readNumber } from './read-options.js'
import { UsageError } from './usage-error.js'

/** Threads beyond this bring nothing on the sizes that are trained here. */
const MOST_THREADS = 16

/** Starts the backend that --backend and --threads name (wasm on all cores) and makes it the default. */
export function chooseDevice(command: string, backend = 'wasm', threads?: string): Promise<Device> {
  const cores = Math.min(availableParallelism(), MOST_THREADS)
  const count = readNumber(command, 'threads', threads, cores, { least: 1, most: MOST_THREADS, whole: true })
  if (backend === 'wasm') return init(wasmDevice({ threads: count }))
  if (backend === 'cpu') return init(cpuDevice())
  throw new UsageError(`${command}: expected --backend wasm or cpu, got '${backend}'.`)
}
