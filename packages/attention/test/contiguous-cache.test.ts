import {
  compile,
  concat,
  cpuDevice,
  type Device,
  memory,
  realize,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  appendToCache,
  CacheError,
  type ContiguousCache,
  causalAttention,
  contiguousCache,
  contiguousCacheBytes,
} from '../src/index.js'

const LAYOUT = { layers: 2, sequences: 3, maxLength: 12, kvHeads: 2, headDim: 4 }
const ROW = LAYOUT.kvHeads * LAYOUT.headDim

const DEVICES: [string, () => Device][] = [
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
]

/** What a cache should hold: for each sequence, the rows of layer 0's keys; other cells get the same plus a constant. */
type Model = { rows: number[][]; reserved: number }[]

describe.each(DEVICES)('a contiguous cache on %s', (_, make) => {
  let device: Device
  let before: Device
  beforeAll(() => {
    device = make()
    before = setDefaultDevice(device)
  })
  afterAll(async () => {
    setDefaultDevice(before)
    await device.close()
  })

  const write = (cache: ContiguousCache, sequence: number, rows: readonly number[][]) => {
    for (const [i, { k, v }] of cache.layers.entries()) {
      for (const [j, cell] of [k, v].entries()) {
        const values = Float32Array.from(rows.flat(), (x) => x + 100 * i + 1000 * j)
        const part = tensor(values, { shape: [1, rows.length, LAYOUT.kvHeads, LAYOUT.headDim] })
        const whole = cell.value.slice([[sequence, sequence + 1]])
        const length = cache.length(sequence)
        // One row of the batch is written, as a prefill of one sequence would.
        const single = [whole.slice([null, [0, length]]), part, whole.slice([null, [length + rows.length]])]
        const rowsOf = Array.from({ length: LAYOUT.sequences }, (_, b) =>
          b === sequence ? concat(single, 1) : cell.value.slice([[b, b + 1]]),
        )
        cell.assign(concat(rowsOf, 0))
      }
    }
  }
  const check = async (cache: ContiguousCache, model: Model) => {
    for (const [i, { k, v }] of cache.layers.entries()) {
      for (const [j, cell] of [k, v].entries()) {
        const values = await cell.value.data()
        for (const [b, { rows }] of model.entries()) {
          expect(cache.length(b)).toBe(rows.length)
          const from = b * LAYOUT.maxLength * ROW
          expect([...values.subarray(from, from + rows.length * ROW)]).toEqual(
            rows.flat().map((x) => x + 100 * i + 1000 * j),
          )
        }
      }
    }
  }

  it.each([1, 2, 3])('follows a model of plain arrays through random operations, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const cache = contiguousCache(LAYOUT)
    let model: Model = Array.from({ length: LAYOUT.sequences }, () => ({ rows: [], reserved: 0 }))
    let next = 1
    const snapshots: { bytes: Uint8Array; rows: number[][] }[] = []
    for (let turn = 0; turn < 60; turn++) {
      const b = random.integer(LAYOUT.sequences)
      const mine = model[b] as Model[number]
      const what = random.pick(['write', 'write', 'truncate', 'fork', 'reorder', 'snapshot', 'restore'] as const)
      if (what === 'write') {
        const n = 1 + random.integer(4)
        if (mine.rows.length + n > LAYOUT.maxLength) {
          expect(() => cache.reserve(b, n)).toThrow(CacheError)
          continue
        }
        cache.reserve(b, n)
        const rows = Array.from({ length: n }, () => Array.from({ length: ROW }, () => next++ % 97))
        write(cache, b, rows)
        const kept = random.integer(n + 1)
        cache.commit(b, kept)
        mine.rows.push(...rows.slice(0, kept))
        cache.truncate(b, mine.rows.length) // gives up what was not committed
      } else if (what === 'truncate') {
        const length = random.integer(mine.rows.length + 1)
        cache.truncate(b, length)
        mine.rows.length = length
      } else if (what === 'fork') {
        const free = model.findIndex(({ rows }, i) => rows.length === 0 && i !== b)
        if (free < 0) expect(() => cache.fork(b)).toThrow(CacheError)
        else {
          expect(cache.fork(b)).toBe(free)
          ;(model[free] as Model[number]).rows = mine.rows.map((row) => [...row])
        }
      } else if (what === 'reorder') {
        const order = Array.from({ length: LAYOUT.sequences }, () => random.integer(LAYOUT.sequences))
        cache.reorder(order)
        model = order.map((from) => ({ rows: (model[from] as Model[number]).rows.map((row) => [...row]), reserved: 0 }))
      } else if (what === 'snapshot') {
        snapshots.push({ bytes: await cache.snapshot(b), rows: mine.rows.map((row) => [...row]) })
      } else if (snapshots.length > 0) {
        const { bytes, rows } = random.pick(snapshots)
        await cache.restore(b, bytes)
        mine.rows = rows.map((row) => [...row])
      }
      if (turn % 6 === 0) await check(cache, model)
    }
    await check(cache, model)
  })

  it('decodes token by token what the whole text gives', async () => {
    const random = seededRandom(7)
    const [B, T, H, KV, D] = [3, 12, 4, 2, 4]
    const of = (...shape: number[]) => tensor(random.normals(shape.reduce((a, b) => a * b, 1)), { shape })
    const [q, k, v] = [of(B, T, H, D), of(B, T, KV, D), of(B, T, KV, D)]
    const whole = causalAttention(q, k, v).y
    const cache = contiguousCache({ ...LAYOUT, layers: 1 })
    const [layer] = cache.layers as [ContiguousCache['layers'][number]]
    const step = compile((q: Tensor, k: Tensor, v: Tensor, start: Tensor) => {
      const held = appendToCache(layer, k, v, start)
      return causalAttention(q, held.k, held.v, { starts: start }).y
    })
    const expected = await whole.data()
    let at = 0
    for (const n of [5, 1, 1, 3, 2]) {
      const part = (x: Tensor) => x.slice([null, [at, at + n]])
      for (let b = 0; b < B; b++) cache.reserve(b, n)
      const inputs = [part(q), part(k), part(v)] as const
      await realize(...inputs)
      const y = await (await step(...inputs, tensor(cache.length(0), { dtype: 'int32' }))).data()
      for (let b = 0; b < B; b++) {
        cache.commit(b, n)
        const from = (b * T + at) * H * D
        assertClose(
          y.subarray(b * n * H * D, (b + 1) * n * H * D),
          expected.subarray(from, from + n * H * D),
          toleranceFor('float32', 'fused'),
          `row ${b}, tokens from ${at}`,
        )
      }
      at += n
    }
  })

  it.each(['float32', 'bfloat16'] as const)('takes the bytes of the formula in %s', async (dtype) => {
    // A device of its own: on the other one, what earlier tests left may go at any time.
    const fresh = make()
    const live = async () => (await memory(fresh)).liveBytes
    const make64 = async () => {
      const cache = contiguousCache({ ...LAYOUT, maxLength: 64, dtype }, { device: fresh })
      await realize(...cache.layers.flatMap(({ k, v }) => [k, v]))
      return cache
    }
    // The first brings the program that fills it, which stays.
    const first = await make64()
    const start = await live()
    const second = await make64()
    expect((await live()) - start).toBe(contiguousCacheBytes(second.layout))
    expect(first.layout).toEqual(second.layout)
    expect(contiguousCacheBytes({ ...LAYOUT, dtype })).toBe(2 * 2 * 3 * 12 * 2 * 4 * (dtype === 'float32' ? 4 : 2))
    await fresh.close()
  })
})

describe('what a cache refuses', () => {
  beforeAll(() => {
    setDefaultDevice(cpuDevice())
  })
  const cache = () => contiguousCache(LAYOUT)

  it('says where, what was expected, what came and what to do', () => {
    const full = cache()
    full.reserve(1, 10)
    full.commit(1, 8)
    expect(() => full.reserve(1, 3)).toThrow(
      'contiguousCache, sequence 1: expected at most 2 tokens more, 10 of 12 places being taken, got 3. ' +
        'Shorten the text, truncate the sequence, or make a cache with a larger maxLength.',
    )
    expect(() => full.commit(1, 3)).toThrow(
      'contiguousCache, sequence 1: expected at most the 2 tokens reserved, got 3. Reserve them first.',
    )
    expect(() => full.truncate(1, 9)).toThrow(
      'contiguousCache, sequence 1: expected a length of at most 8, its own, got 9.',
    )
    expect(() => full.length(3)).toThrow('contiguousCache: expected a sequence from 0 to 2, got 3.')
    expect(() => full.reserve(0, 0.5)).toThrow(
      'contiguousCache, sequence 0: expected a number of tokens from 0, got 0.5.',
    )
    expect(() => full.reorder([0])).toThrow('contiguousCache: expected an order of 3, one a sequence, got 1.')
    full.reserve(0, 1)
    full.reserve(2, 1)
    expect(() => full.fork(1)).toThrow(
      'contiguousCache, sequence 1: expected a free sequence to fork to, got 3 in use. Truncate one to 0 first.',
    )
    expect(() => contiguousCache({ ...LAYOUT, maxLength: 0 })).toThrow(
      'contiguousCache: expected maxLength as a whole number from 1, got 0.',
    )
  })

  it('refuses snapshots of other caches and broken ones, and stays as it was', async () => {
    const mine = cache()
    mine.reserve(0, 3)
    mine.commit(0, 3)
    const bytes = await mine.snapshot(0)
    const other = contiguousCache({ ...LAYOUT, headDim: 8 })
    await expect(other.restore(0, bytes)).rejects.toThrow(
      'contiguousCache, sequence 0: expected 4 tensors of float32 [1, length, 2, 8] with a length of at most 12, ' +
        'got F32 [1, 3, 2, 4] for 0.k. The snapshot is of another model or cache.',
    )
    await expect(contiguousCache({ ...LAYOUT, maxLength: 2 }).restore(0, bytes)).rejects.toThrow(CacheError)
    await expect(contiguousCache({ ...LAYOUT, layers: 1 }).restore(0, bytes)).rejects.toThrow(
      /got 4 tensors, a length of 3/,
    )
    await expect(mine.restore(0, bytes.subarray(0, bytes.length - 1))).rejects.toThrow(/sequence 0: expected/)
    expect(mine.length(0)).toBe(3)
  })
})
