import { describe, expect, it } from 'vitest'
import { logSoftmaxRows, softmaxBackward, softmaxRows, type Tensor, tensor } from '../../src/index.js'
import { closeDevices, compare, expectKernel, normals } from './on-devices.js'

closeDevices()

const SHAPES: readonly (readonly number[])[] = [
  [1, 1],
  [1, 5],
  [7, 1],
  [3, 4],
  [5, 17],
  [2, 3, 33],
  [64, 257],
  [3, 9001],
]
const INF = Number.POSITIVE_INFINITY

/** Logits with masked places, a masked row, large values of both signs. */
function logits(shape: readonly number[], seed: number): Float32Array {
  const columns = shape.at(-1) as number
  const x = normals(
    seed,
    shape.reduce((a, b) => a * b, 1),
    4,
  )
  x.forEach((_, i) => {
    if (i % 11 === 3) x[i] = -INF
  })
  if (x.length > 3 * columns) {
    x.fill(-INF, columns, 2 * columns)
    x.fill(1e30, 2 * columns, 2 * columns + 1)
    x.fill(-1e30, 3 * columns - 1, 3 * columns)
  }
  return x
}

describe('softmax', () => {
  it('has kernels', async () => {
    const x = tensor([[1, 2]])
    await expectKernel(softmaxRows.definition, [x])
    await expectKernel(softmaxBackward.definition, [x, x])
    await expectKernel(logSoftmaxRows.definition, [x])
  })

  it.each(SHAPES)('of %j', async (...shape) => {
    await compare('softmax', () => softmaxRows(tensor(logits(shape, 1), { shape })))
  })

  it('gives zeros in masked rows and NaN in rows that hold one', async () => {
    const x = new Float32Array(40).fill(-INF)
    x.fill(0.5, 13, 26)
    x[17] = Number.NaN
    await compare('masked', () => softmaxRows(tensor(x.subarray(0, 39).slice(), { shape: [3, 13] })))
  })

  it.each(SHAPES)('gradient of %j', async (...shape) => {
    const n = shape.reduce((a, b) => a * b, 1)
    const y = normals(2, n, 0.3).map(Math.abs)
    await compare('softmaxBackward', () =>
      softmaxBackward(tensor(y, { shape }), tensor(normals(3, n), { shape })),
    { atol: 1e-4 })
  })

  it.each(SHAPES)('logarithm of %j', async (...shape) => {
    await compare('logSoftmax', () => logSoftmaxRows(tensor(logits(shape, 4), { shape })))
  })

  it('runs its fallback for other dtypes', async () => {
    const make = (): Tensor => softmaxRows(tensor(normals(5, 24), { shape: [4, 6] }).cast('float16')).cast('float32')
    await compare('float16', make, { rtol: 2e-3, atol: 1e-3 })
    expect(softmaxRows.definition.supports?.([make().cast('float16')], undefined)).toBe(false)
  })
})
