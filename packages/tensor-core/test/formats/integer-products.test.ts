import { seededRandom } from '@almanac/test-kit'
import { afterAll, expect, test } from 'vitest'
import { cpuDevice, matmul, q4_0, q8_0, State, tensor, tensorFromBytes, wasmDevice } from '../../src/index.js'

const devices = [1, 2].map((threads) => wasmDevice({ threads }))
const cpu = cpuDevice()
afterAll(() => Promise.all([...devices, cpu].map((device) => device.close())))

/** Values of order one, with an outlier and an empty block. */
function activations(rows: number, depth: number): Float32Array {
  const random = seededRandom(rows + depth)
  const x = Float32Array.from({ length: rows * depth }, () => random.next() - 0.5)
  x[5] = 300
  x.fill(0, 32, 64)
  return x
}

// Few rows, rows that share the unpacking of a block, rows that are worth unpacking all; odd numbers of columns and blocks.
const SIZES = [
  [1, 160, 71],
  [2, 32, 1],
  [1, 64, 2],
  [2, 64, 3],
  [3, 160, 5],
  [3, 160, 71],
  [4, 160, 71],
  [7, 96, 3],
  [9, 160, 71],
  [50, 416, 101],
  [13, 800, 2],
] as const

test.each([q8_0, q4_0].flatMap((format) => SIZES.map((sizes) => [format.name, ...sizes, format] as const)))(
  '%s: products of %i rows, depth %i, %i columns are off by no more than the rounding of activations',
  async (_, rows, depth, columns, format) => {
    const random = seededRandom(rows)
    const x = activations(rows, depth)
    const packed = format.encode(Float32Array.from({ length: columns * depth }, () => random.next() - 0.5))
    const w = new Float32Array(columns * depth)
    format.decode(packed, w)
    const results = []
    for (const device of devices) {
      const weights = tensor(w, { shape: [columns, depth], device }).cast(format)
      results.push(await matmul(tensor(x, { shape: [rows, depth], device }), weights, { transposeB: true }).data())
    }
    expect(results[1]).toEqual(results[0])
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let [exact, bound] = [0, 1e-5]
        for (let block = 0; block < depth; block += 32) {
          const row = x.subarray(i * depth + block, i * depth + block + 32)
          const step = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 32767
          row.forEach((value, l) => {
            const weight = w[j * depth + block + l] as number
            exact += value * weight
            bound += Math.abs(weight) * (step / 2) + Math.abs(value * weight) * 1e-6
          })
        }
        expect(Math.abs((results[0]?.[i * columns + j] as number) - exact)).toBeLessThanOrEqual(bound)
      }
    }
  },
)

test('equal rows of weights give equal bits, whichever stream reads them', async () => {
  const [depth, columns] = [160, 71]
  const random = seededRandom(depth)
  const row = Float32Array.from({ length: depth }, () => random.next() - 0.5)
  const w = Float32Array.from({ length: columns * depth }, (_, i) => row[i % depth] as number)
  for (const device of devices) {
    const weights = tensor(w, { shape: [columns, depth], device }).cast(q8_0)
    const x = tensor(activations(1, depth), { shape: [1, depth], device })
    const results = await matmul(x, weights, { transposeB: true }).data()
    expect(new Set(results).size).toBe(1)
  }
})

test('a State takes packed values that were made elsewhere', async () => {
  const values = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i))
  const packed = q8_0.encode(values)
  for (const device of [...devices, cpu]) {
    const cell = new State({ shape: [2, 64], dtype: q8_0 }, { device })
    cell.assign(tensorFromBytes(packed, [2, 64], q8_0, device))
    expect(await cell.value.bytes()).toEqual(packed)
  }
})
