import { BackendError } from '../../errors.js'
import type { WasmFeatures } from './feature-detect.js'

const MOST_THREADS = 8

/** Threads that compute: as wanted, else the processors, 8 at most; 1 where memory cannot be shared. Throws BackendError. */
export function threadCount(wanted: number | undefined, features: WasmFeatures): number {
  const threads = wanted ?? Math.min(MOST_THREADS, features.processors)
  if (!Number.isInteger(threads) || threads < 1) {
    throw new BackendError('wasm: threads', 'a whole number of at least 1', String(wanted))
  }
  return features.sharedMemory ? threads : 1
}
