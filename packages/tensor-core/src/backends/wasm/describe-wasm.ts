import type { WasmFeatures } from './feature-detect.js'

/** One line of what the wasm backend uses here, and why it has one thread where it could have more. */
export function describeWasm(threads: number, { relaxedSimd, sharedMemory }: WasmFeatures): string {
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated
  const why = isolated === false ? 'the page is not cross-origin isolated' : 'memory cannot be shared here'
  return [
    `${threads} ${threads === 1 ? 'thread' : 'threads'}${sharedMemory ? '' : ` (${why})`}`,
    'SIMD',
    relaxedSimd ? 'relaxed SIMD' : 'no relaxed SIMD',
  ].join(', ')
}
