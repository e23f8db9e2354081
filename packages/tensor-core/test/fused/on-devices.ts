import { assertClose, seededRandom } from '@almanac/test-kit'
import { afterAll, expect } from 'vitest'
import {
  cpuDevice,
  type Device,
  type FusedDefinition,
  realize,
  setDefaultDevice,
  Tensor,
  wasmDevice,
  webgpuDevice,
} from '../../src/index.js'
import { swiftShaderGpu } from '../webgpu/dawn.js'

const gpu = await swiftShaderGpu()

/** The fallback in double precision, and the kernels on one thread, on two, and without vectors where there is a GPU. */
const reference = cpuDevice({ precision: 'f64' })
const single = wasmDevice({ threads: 1 })
const double = wasmDevice({ threads: 2 })
const graphics = gpu ? webgpuDevice({ gpu }) : null
if (!graphics) console.log('fused kernels: not compared on webgpu, because no SwiftShader was found')

export function closeDevices(): void {
  afterAll(() => Promise.all([reference, single, double, graphics].map((device) => device?.close())))
}

export async function on<T>(device: Device, body: () => Promise<T>): Promise<T> {
  const before = setDefaultDevice(device)
  try {
    return await body()
  } finally {
    setDefaultDevice(before)
  }
}

/** All results of an op on a device, as numbers. */
async function results(
  device: Device,
  make: () => Tensor | readonly Tensor[],
): Promise<{ values: Float32Array[]; tensors: readonly Tensor[] }> {
  return on(device, async () => {
    const made = make()
    const tensors = made instanceof Tensor ? [made] : made
    await realize(...tensors)
    const values: Float32Array[] = []
    for (const tensor of tensors) values.push(Float32Array.from((await tensor.data()) as Iterable<number>))
    return { values, tensors }
  })
}

export interface CompareOptions {
  readonly rtol?: number
  readonly atol?: number
  /** False: wasm only. */
  readonly webgpu?: boolean
}

/** Compares an op's kernels with its fallback, and two threads with one bit by bit. `make` builds it from fresh leaves. */
export async function compare(
  what: string,
  make: () => Tensor | readonly Tensor[],
  { rtol = 1e-5, atol = 1e-6, webgpu = true }: CompareOptions = {},
): Promise<void> {
  const expected = await results(reference, make)
  const one = await results(single, make)
  const two = await results(double, make)
  one.values.forEach((values, i) => {
    assertClose(values, expected.values[i] as Float32Array, { rtol, atol }, `${what}, output ${i}`)
    const bits = (x: Float32Array | undefined) => new Uint32Array((x as Float32Array).buffer)
    expect(bits(two.values[i]), `${what}, output ${i}: two threads`).toEqual(bits(values))
  })
  if (!graphics || !webgpu) return
  const third = await results(graphics, make)
  third.values.forEach((values, i) => {
    assertClose(values, expected.values[i] as Float32Array, { rtol, atol }, `${what}, output ${i} on webgpu`)
  })
}

/** Refuses a test that would compare a fallback with itself. */
export async function expectKernel(definition: FusedDefinition, dtypes: readonly Tensor[]): Promise<void> {
  for (const device of [single, graphics]) {
    if (!device) continue
    const backend = await device.start()
    expect(backend.supports(definition, dtypes, undefined), `${definition.name} on ${device.name}`).toBe(true)
  }
}

/** Normal numbers, times `scale`. */
export function normals(seed: number, length: number, scale = 1): Float32Array {
  return seededRandom(seed)
    .normals(length)
    .map((x) => x * scale)
}
