import { assertClose, type SeededRandom, seededRandom, toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { describe, expect, it } from 'vitest'
import {
  concat,
  cpuDevice,
  type Device,
  realize,
  State,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
  where,
} from '../../src/index.js'
import { onDevice } from '../support/on-device.js'

// What fusing, sharing and reordering launches must not change: graphs of maps, choices, casts, reductions and movements with several
// outputs and writes of a State between them, all asked for at once.

const gpu = await swiftShaderGpu()
const FULL = [6, 8]
const SHAPES = [FULL, [1, 8], [6, 1], [8], []]

/** A tensor of tensors that are there; those that an op does not fit are taken in another way. */
function grow(random: SeededRandom, pool: readonly Tensor[], state: State): Tensor {
  const [a, b, c] = [random.pick(pool), random.pick(pool), random.pick(pool)]
  // Rounded are only given numbers: of a result the last bit may differ, and be rounded the other way.
  const given = random.pick(pool.slice(0, 2))
  const rows = a.rank === 2 && a.shape[0] === 6
  switch (random.integer(12)) {
    case 0:
      return a.mul(b)
    case 1:
      return where(a.gt(0), b, c)
    case 2:
      return given.cast('float16').cast('float32').sub(b)
    case 3:
      return given.cast('bfloat16').cast('float32').add(b)
    case 4:
      return a.rank > 0 ? a.sum(-1, true) : a.neg()
    case 5:
      return a.rank === 2 ? a.transpose().mul(0.5).transpose() : a.abs()
    case 6:
      return rows ? concat([a.slice([[3, 6]]), a.slice([[0, 3]])], 0) : a.sin()
    case 7:
      return rows
        ? a.slice([[1, 4]]).pad([
            [2, 1],
            [0, 0],
          ])
        : a.tanh()
    case 8:
      return a.rank === 2 ? a.amax(0, true).add(b) : a.maximum(b)
    case 9:
      return a.expand(FULL)
    case 10:
      if (a.shape.join() !== FULL.join()) return a.sub(b)
      state.assign(a.mul(0.5))
      return state.value.copy()
    default:
      return a.add(b)
  }
}

/** The outputs of the graph of a seed, in a row each. */
async function outputsOf(seed: number, device: Device): Promise<ArrayLike<number>[]> {
  return onDevice(device, async () => {
    const random = seededRandom(seed)
    const normals = (shape: readonly number[]) =>
      tensor(random.normals(shape.reduce((x, y) => x * y, 1)), { shape: [...shape] })
    const state = new State({ shape: FULL })
    state.assign(normals(FULL))
    const pool = [normals(random.pick(SHAPES)), normals(random.pick(SHAPES)), state.value.copy()]
    const outputs: Tensor[] = []
    for (let steps = 4 + random.integer(14); steps > 0; steps--) {
      const grown = grow(random, pool, state)
      pool.push(grown)
      if (random.next() < 0.4) outputs.push(grown)
    }
    outputs.push(pool.at(-1) as Tensor, state.value)
    await realize(...outputs)
    return Promise.all(outputs.map((t) => t.data()))
  })
}

async function compare(device: Device, seeds: readonly number[]): Promise<void> {
  const cpu = cpuDevice()
  for (const seed of seeds) {
    const [got, wanted] = [await outputsOf(seed, device), await outputsOf(seed, cpu)]
    expect(got.length).toBe(wanted.length)
    wanted.forEach((values, i) => {
      assertClose(got[i] as ArrayLike<number>, values, toleranceFor('float32', 'fused'), `seed ${seed}, output ${i}`)
    })
  }
  await Promise.all([cpu.close(), device.close()])
}

const seeds = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

describe('random graphs give what they give op by op', () => {
  it('on wasm, 600 of them', () => compare(wasmDevice({ threads: 1 }), seeds(1, 600)))
  it.skipIf(!gpu)('on webgpu, 60 of them', () => compare(webgpuDevice({ gpu: gpu as GPU }), seeds(5000, 60)))
})
