export type { WasmOptions } from './create-wasm-backend.js'
export { probeWasm } from './probe-wasm.js'
export { wasm } from './wasm.js'
/** The text that worker threads run: serve it from `workerUrl` where a content policy forbids workers made of text. */
export { workerSource } from './worker-source.js'
