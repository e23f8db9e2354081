import { byteLengthOf, type ScalarDType } from '../../src/dtype.js'
import { emitWasm, LOWEST_ADDRESS } from '../../src/kernel/emit-wasm.js'
import { fma } from '../../src/kernel/expressions.js'
import { buildKernel } from '../../src/kernel/kernel-builder.js'
import type { KernelCode } from '../../src/kernel/value.js'

export const WASM = { name: 'wasm', vectorLanes: 4 } as const

/** V8 takes the flag at run time; engines without the instructions refuse the module, which `RELAXED` finds out. */
async function relaxedSimd(): Promise<boolean> {
  const v8 = await import('node:v8')
  v8.setFlagsFromString('--experimental-wasm-relaxed-simd')
  const probe = buildKernel('probe', WASM, (k) => {
    const x = k.buffer('x', 'float32', 'readwrite')
    const a = k.let(k.loadVector(x, 0))
    k.store(x, 0, fma(a, a, a))
  })
  return WebAssembly.validate(
    emitWasm(probe, { sharedMemory: false, maximumPages: 1, relaxedSimd: true }) as BufferSource,
  )
}

export const RELAXED = await relaxedSimd()

/** Lays the buffers out in a fresh memory, runs the kernel on so many workers one after another, copies the bytes back. */
export function runKernel(
  code: KernelCode,
  buffers: readonly Uint8Array[],
  params: readonly number[] = [],
  { workers = 1, relaxedSimd = false } = {},
): void {
  let top = LOWEST_ADDRESS + 4 * (buffers.length + params.length)
  const addresses = buffers.map((bytes) => {
    const address = Math.ceil(top / 16) * 16
    top = address + bytes.length
    return address
  })
  const pages = Math.ceil((top + 64) / 65536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
  const view = new Uint8Array(memory.buffer)
  for (const [i, bytes] of buffers.entries()) view.set(bytes, addresses[i])
  new Int32Array(memory.buffer, LOWEST_ADDRESS).set([...addresses, ...params])
  const module = new WebAssembly.Module(
    emitWasm(code, { sharedMemory: false, maximumPages: pages, relaxedSimd }) as BufferSource,
  )
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports['kernel'] as (
    args: number,
    worker: number,
    workers: number,
  ) => void
  for (let worker = 0; worker < workers; worker++) kernel(LOWEST_ADDRESS, worker, workers)
  for (const [i, bytes] of buffers.entries()) {
    bytes.set(view.subarray(addresses[i], (addresses[i] as number) + bytes.length))
  }
}

/** Room for so many elements. */
export function bytesOf(dtype: ScalarDType, elements: number): Uint8Array {
  return new Uint8Array(byteLengthOf(dtype, elements))
}

export { buildKernel }
