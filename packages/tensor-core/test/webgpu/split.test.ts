import { assertClose, toleranceFor } from '@almanac/test-kit'
import { nullGpu, swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, describe, expect, it } from 'vitest'
import { webgpu } from '../../src/backends/webgpu/index.js'
import { splitLaunch } from '../../src/backends/webgpu/split/split-launch.js'
import { Device } from '../../src/device.js'
import { iota, MemoryLimitError, memory, type Tensor, tensor, wasmDevice } from '../../src/index.js'
import { sizeOf } from '../../src/shape.js'
import { contiguousView } from '../../src/view.js'
import { onDevice } from '../support/on-device.js'
import { apply, input, operand } from './programs.js'

const [gpu, nothing] = [await swiftShaderGpu(), await nullGpu()]
/** What a kernel may bind here: operands of a few KiB are then run in pieces. */
const LIMIT = 4096

const splitting = (on: GPU): Device => new Device('webgpu', () => webgpu({ gpu: on, maxBindingBytes: LIMIT }))
const numbers = (seed: number, shape: readonly number[]): Tensor =>
  tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7 + seed * 13) % 23) / 8 - 1),
    { shape },
  )
const integers = (values: readonly number[]): Tensor => tensor(Int32Array.from(values), { dtype: 'int32' })

/** Each with an operand above the limit. */
const cases: Readonly<Record<string, () => Tensor>> = {
  'a map in one axis': () => numbers(1, [5003]).mul(2).add(1),
  'a map of a transposed and a broadcast operand': () =>
    numbers(1, [70, 41])
      .transpose()
      .add(numbers(2, [70])),
  'a map that reads a slice backwards': () =>
    numbers(1, [3000])
      .flip(0)
      .slice([[7, 2911]])
      .mul(3),
  'a map that reads its indices': () =>
    iota([61, 50], 0)
      .mul(1000)
      .add(iota([61, 50], 1))
      .cast('float32'),
  'a map of 16-bit floats': () => numbers(1, [3, 1501]).cast('bfloat16').mul(2).cast('float32'),
  'sums of rows, and what follows them': () =>
    numbers(1, [1300, 3])
      .sum(1)
      .mul(2)
      .add(numbers(3, [1300])),
  'sums of few rows': () =>
    numbers(1, [3, 1200])
      .slice([[0, 1]])
      .sum(0)
      .mul(2)
      .add(numbers(3, [1200])),
  'the largest of a middle axis': () => numbers(1, [4, 40, 20]).amax(1),
  'a softmax': () => numbers(1, [20, 120]).softmax(-1),
  'a product with a large weight [N, K] and a bias': () =>
    numbers(1, [3, 24])
      .matmul(numbers(2, [330, 24]), { transposeB: true })
      .add(numbers(3, [330])),
  'a product of many rows with a large result': () =>
    numbers(1, [330, 12])
      .matmul(numbers(2, [12, 20]))
      .mul(2),
  'products of batches': () => numbers(1, [6, 20, 30]).matmul(numbers(2, [6, 30, 7])),
  'a product of batches with one large matrix': () =>
    numbers(1, [4, 5, 40]).matmul(numbers(2, [300, 40]), { transposeB: true }),
  'rows of a large table': () => numbers(1, [900, 6]).take(integers([0, 899, 450, -1, 900, 170, 171, 3]), 0),
  'rows of a large table of 16-bit floats': () =>
    numbers(1, [900, 7])
      .cast('float16')
      .take(integers([0, 899, 450, 170, 171, 3, 5]), 0)
      .cast('float32'),
  'many rows of a large table': () =>
    numbers(1, [600, 6]).take(integers(Array.from({ length: 500 }, (_, i) => (i * 37) % 601)), 0),
  'columns of a large table': () => numbers(1, [5, 700]).take(integers([0, 699, 350, -5, 699]), 1),
}

describe.skipIf(!gpu)('operands above what a kernel may bind', () => {
  const [device, whole] = [splitting(gpu as GPU), wasmDevice({ threads: 1 })]
  afterAll(() => Promise.all([device.close(), whole.close()]))

  it.each(Object.keys(cases))(
    'are bound in pieces: %s',
    async (name) => {
      const of = cases[name] as () => Tensor
      const [got, expected] = [await onDevice(device, () => of().data()), await onDevice(whole, () => of().data())]
      assertClose(got, expected, toleranceFor('float32', 'fused'))
    },
    60_000,
  )

  it('cannot be where an op is not known to come apart', async () => {
    const hint = 'Split the tensor or use a smaller batch, or an adapter with a larger maxStorageBufferBindingSize.'
    const of = 'expected at most 4096 bytes of a buffer in a kernel that cannot be run in pieces, got'
    const sorted = onDevice(device, () => numbers(1, [2000]).argsort().data())
    await expect(sorted).rejects.toThrow(MemoryLimitError)
    await expect(sorted).rejects.toThrow(`webgpu: argsort: ${of} 8000 behind input 0 (float32 [2000]). ${hint}`)
    // Sums over all of a large operand's rows reach all of it, however the output is cut.
    await expect(onDevice(device, () => numbers(1, [90, 40]).sum(0).data())).rejects.toThrow(
      `webgpu: sum: ${of} 14400 behind input 0`,
    )
    const wide = onDevice(device, () =>
      numbers(1, [9, 24])
        .matmul(numbers(2, [24, 330]))
        .data(),
    )
    await expect(wide).rejects.toThrow('31680 behind input 1 (float32 [24, 330]).')
  })

  it('can be as large as a buffer may be', async () => {
    const backend = await webgpu({ gpu: gpu as GPU, maxBindingBytes: LIMIT })
    expect(backend.limits.maxBufferBytes).toBeGreaterThan(2 ** 27)
    backend.free(backend.alloc(10 * LIMIT))
    await backend.close()
  })
})

describe.skipIf(!nothing)("Dawn's validator takes pieces with the adapter's own limit", () => {
  it('of a table and a product above 128 MiB', async () => {
    // The null backend allows buffers of 256 MiB and bindings of 128 MiB, and executes nothing.
    const device = new Device('webgpu', () => webgpu({ gpu: nothing as GPU }))
    await onDevice(device, async () => {
      const table = numbers(1, [1]).expand([70_000, 600]).copy()
      const rows = table.take(integers([5, 69_999]), 0)
      await rows.matmul(table, { transposeB: true }).realize()
      expect((await memory(device)).liveBytes).toBeLessThan(2 ** 28)
    })
    await device.close()
  })

  it('of writes at any byte of a buffer above 128 MiB', async () => {
    const backend = await webgpu({ gpu: nothing as GPU })
    const buffer = backend.alloc(200 * 2 ** 20)
    backend.write(buffer, Uint8Array.of(1, 2, 3, 4, 5), 150 * 2 ** 20 + 3)
    backend.write(buffer, Uint8Array.of(1), 200 * 2 ** 20 - 2)
    // An error of either would surface here.
    expect(await backend.read(buffer, 0, 4)).toHaveLength(4)
    expect(await backend.read(buffer, 0, 4)).toHaveLength(4)
    await backend.close()
  })
})

describe('a launch in pieces', () => {
  const rules = (elements: readonly number[]) => ({
    limit: LIMIT,
    alignment: 256,
    slotBytes: elements.map((n) => 4 * n),
    aliases: elements.map((_, i) => i),
  })
  const map = (rows: number, columns: number, strides: readonly [number, number]) => ({
    kind: 'map' as const,
    label: 'map',
    shape: [rows, columns],
    inputs: [operand(0, 'float32', { shape: [rows, columns], strides, offset: 0 })],
    outputs: [operand(1, 'float32', contiguousView([rows, columns]))],
    expressions: [apply('float32', [input(0, 'float32')], (x) => x)],
  })

  it('has windows that are aligned, fit and cover every element once', () => {
    const pieces = splitLaunch(map(100, 33, [33, 1]), rules([3300, 3300]))
    const seen = new Map<number, number>()
    for (const { launch, windows } of pieces) {
      for (const window of windows.values()) {
        expect(window.offset % 256).toBe(0)
        expect(window.bytes).toBeLessThanOrEqual(LIMIT)
      }
      const { view } = (launch as ReturnType<typeof map>).outputs[0] as { view: ReturnType<typeof contiguousView> }
      const base = (windows.get(1)?.offset as number) / 4 + view.offset
      for (let i = 0; i < (view.shape[0] as number); i++)
        for (let j = 0; j < (view.shape[1] as number); j++) {
          const at = base + i * (view.strides[0] as number) + j * (view.strides[1] as number)
          seen.set(at, (seen.get(at) ?? 0) + 1)
        }
    }
    expect(seen.size).toBe(3300)
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
    expect(pieces.length).toBeLessThanOrEqual(8)
  })

  it('is whole where everything can be bound', () => {
    const launch = map(10, 10, [10, 1])
    expect(splitLaunch(launch, rules([100, 100]))).toEqual([{ launch, windows: new Map() }])
  })

  it('is refused where an epilogue reads what the launch overwrites', () => {
    const x = operand(1, 'float32', [100, 33])
    const launch = {
      kind: 'reduce' as const,
      label: 'sum',
      shape: [100, 33, 2],
      reduced: 1,
      combine: 'sum' as const,
      inputs: [operand(0, 'float32', [100, 33, 2]), x],
      expression: input(0, 'float32'),
      output: operand(2, 'float32', [100, 33]),
      epilogue: { expression: apply('float32', [input(0, 'float32'), input(1, 'float32')], (a) => a), from: 1 },
    }
    const sizes = rules([6600, 3300, 3300])
    expect(splitLaunch(launch, sizes).length).toBeGreaterThan(2)
    expect(() => splitLaunch(launch, { ...sizes, aliases: [0, 1, 1] })).toThrow(MemoryLimitError)
  })
})
