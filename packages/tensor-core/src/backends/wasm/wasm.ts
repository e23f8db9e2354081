import type { Backend } from '../backend.js'
import { createWasmBackend, type WasmOptions } from './create-wasm-backend.js'

/**
 * WebAssembly with SIMD and threads: the default everywhere. Kernels are emitted and compiled at run time (a content
 * policy must allow `wasm-unsafe-eval`). Throws BackendError where the engine is too old.
 */
export function wasm(options: WasmOptions = {}): Promise<Backend> {
  return createWasmBackend(options)
}
