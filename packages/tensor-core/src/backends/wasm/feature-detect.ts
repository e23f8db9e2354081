import { BackendError } from '../../errors.js'
import { onNode } from '../on-node.js'

export interface WasmFeatures {
  readonly relaxedSimd: boolean
  /** Threads can share memory here. */
  readonly sharedMemory: boolean
  /** This thread may block in Atomics.wait; a page's main thread may not. */
  readonly canBlock: boolean
  /** What `threads` is when nobody says. */
  readonly processors: number
}

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
/** A module of one function of type () -> v128 with this body. */
const vectorModule = (body: readonly number[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array([
    ...HEADER,
    ...[1, 5, 1, 0x60, 0, 1, 0x7b],
    ...[3, 2, 1, 0],
    ...[10, body.length + 4, 1, body.length + 2, 0, ...body, 0x0b],
  ])

const ZERO = [0xfd, 12, ...new Array<number>(16).fill(0)]
/** i32x4.neg(0), and f32x4.relaxed_madd(0, 0, 0). */
const SIMD_MODULE = vectorModule([...ZERO, 0xfd, 0xa1, 0x01])
const RELAXED_MODULE = vectorModule([...ZERO, ...ZERO, ...ZERO, 0xfd, 0x85, 0x02])

/** Tests the engine for what the backend needs, and switches on what Node hides behind a flag. Throws BackendError. */
export async function detectFeatures(): Promise<WasmFeatures> {
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(SIMD_MODULE)) {
    throw new BackendError(
      'wasm',
      'an engine with WebAssembly SIMD',
      'one without',
      'Use Node 20.19 or later, Chrome 91, Firefox 89 or Safari 16.4; or the cpu backend.',
    )
  }
  let processors = globalThis.navigator?.hardwareConcurrency ?? 1
  if (onNode()) {
    if (!WebAssembly.validate(RELAXED_MODULE)) {
      const { setFlagsFromString } = await import('node:v8')
      setFlagsFromString('--experimental-wasm-relaxed-simd')
    }
    const { availableParallelism } = await import('node:os')
    processors = availableParallelism()
  }
  return {
    relaxedSimd: WebAssembly.validate(RELAXED_MODULE),
    sharedMemory: canShareMemory(),
    canBlock: canBlock(),
    processors,
  }
}

/** Pages without cross-origin isolation have no SharedArrayBuffer, or one that cannot be sent to a worker. */
function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer !== 'function') return false
  return (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false
}

function canBlock(): boolean {
  if (typeof SharedArrayBuffer !== 'function') return false
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}
