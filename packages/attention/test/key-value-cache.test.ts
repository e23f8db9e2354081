import {
  byteLengthOf,
  compile,
  cpuDevice,
  type Device,
  explain,
  memory,
  realize,
  setDefaultDevice,
  sizeOf,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  CacheError,
  type CacheStep,
  cacheBytes,
  cacheBytesPerToken,
  contiguousCache,
  flashAttention,
  type KeyValueCache,
  latentCache,
  pagedCache,
  quantizedCache,
  slidingBlocks,
  slidingCache,
} from '../src/index.js'
import { CACHES } from './cache-cases.js'

const SIZES = { layers: 2, sequences: 3, maxLength: 12, kvHeads: 2, headDim: 4 }

/** Appends tokens whose keys and values tell their number, and commits them. */
async function append(cache: KeyValueCache, sequence: number, tokens: number): Promise<void> {
  const length = cache.length(sequence)
  const step = cache.step([{ sequence, tokens }])
  const latent = !cache.cells.has('0.v')
  const [, KV, D] = (cache.cells.get('0.k') as { shape: readonly number[] }).shape as [number, number, number]
  const k = tensor(
    Float32Array.from({ length: tokens * KV * D }, (_, i) => length + Math.floor(i / (KV * D)) + 1),
    { shape: [tokens, KV, D] },
  )
  cache.layers.forEach((layer, i) => {
    layer.append(k.mul(i + 1), latent ? null : k.mul(-i - 1), step)
  })
  await realize(...[...cache.cells.values()].map(({ value }) => value))
  cache.commit(sequence, tokens)
}

/** The first channel of what a cell holds of a sequence. */
async function held(cache: KeyValueCache, sequence: number, cell: string): Promise<number[]> {
  const { value, shape } = cache.cells.get(cell) as { value: Tensor; shape: readonly number[] }
  const values = await value.cast('float32').data()
  const row = values.length / (shape[0] as number)
  return cache.places(sequence).map((place) => values[place * row] as number)
}

describe('bytes', () => {
  it('of a token are those of the formulas', () => {
    const llama = { layers: 32, headDim: 128, dtype: 'bfloat16' as const }
    expect(cacheBytesPerToken({ ...llama, kvHeads: 8 })).toBe(131_072)
    expect(cacheBytesPerToken({ ...llama, kvHeads: 32 })).toBe(524_288)
    const latent = { latentDim: 512, ropeDim: 64, dtype: 'bfloat16' as const }
    expect(cacheBytesPerToken({ ...latent, layers: 27 })).toBe(31_104)
    expect(cacheBytesPerToken({ ...latent, layers: 61 })).toBe(70_272)
    expect(cacheBytesPerToken({ layers: 32, kvHeads: 8, headDim: 128, dtype: 'int8' })).toBe(2 * 32 * 8 * (128 + 4))
    expect(cacheBytesPerToken({ layers: 3, kvHeads: 2, headDim: 6, valueDim: 4 })).toBe(3 * 2 * (6 + 4) * 4)
    expect(cacheBytes({ layers: 32, kvHeads: 8, headDim: 128, blocks: 100, blockSize: 16 })).toBe(1600 * 262_144)
  })

  /** What buffers are rounded up to. */
  const devices: [string, () => Device, unit: number][] = [
    ['cpu', () => cpuDevice(), 1],
    ['wasm', () => wasmDevice({ threads: 1 }), 64],
  ]
  describe.each(devices)('on %s', (_, make, unit) => {
    it.each(CACHES)('of $of: what the allocator says, to the byte', async ({ crossed, make: makeCache }) => {
      // A device of its own: on another one, what earlier tests left may go at any time.
      const device = make()
      const live = async () => (await memory(device)).liveBytes
      const sizes = { ...SIZES, maxLength: unit === 1 ? 77 : 64 }
      const fresh = async () => {
        const cache = makeCache(sizes, device)
        await realize(...[...cache.cells.values()].map(({ value }) => value))
        return cache
      }
      // The first brings the program that fills it, which stays.
      await fresh()
      const before = await live()
      const cache = await fresh()
      const rounded = [...cache.cells.values()].reduce((sum, { dtype, shape }) => {
        return sum + Math.ceil(byteLengthOf(dtype, sizeOf(shape)) / unit) * unit
      }, 0)
      expect((await live()) - before).toBe(rounded)
      if (unit === 1 || !crossed) expect(cache.bytes).toBe(rounded)
      const { blocks, blockSize, layers } = cache.layout
      expect(cache.bytes).toBe(blocks * blockSize * cacheBytesPerToken({ ...cache.layout, layers }))
      await device.close()
    })
  })

  it('of a sliding cache stay while the text grows', () => {
    const placement = { window: 100, sinks: 4, blockSize: 16 }
    expect(slidingBlocks(placement)).toBe(1 + 7 + 1)
    const cells = { layers: 1, kvHeads: 1, headDim: 2 }
    const cache = slidingCache({ ...cells, ...placement, sequences: 2, maxLength: 10_000 })
    expect(cache.layout.blocks).toBe(18)
    let most = 0
    for (let i = 0; i < 4_000; i++) {
      for (const sequence of [0, 1]) {
        cache.reserve(sequence, 1)
        most = Math.max(most, 18 - cache.free())
        cache.commit(sequence, 1)
      }
    }
    expect(cache.length(0)).toBe(4_000)
    expect(most).toBeLessThanOrEqual(18)
    expect(most).toBeGreaterThanOrEqual(16)
    expect(cache.positions(1).slice(0, 16)).toEqual(Array.from({ length: 16 }, (_, i) => i))
    expect(cache.positions(1)[16]).toBe(Math.floor((4_000 - 100 + 1) / 16) * 16)
  })

  it('of a sliding cache with a rollback are as much more, and so many tokens can be taken back at any length', () => {
    const placement = { window: 7, rollback: 5, sinks: 1, stepTokens: 3, blockSize: 4 }
    const most = slidingBlocks(placement)
    expect(most).toBe(1 + 4 + 1)
    const cache = slidingCache({ layers: 1, kvHeads: 1, headDim: 2, ...placement, sequences: 1, maxLength: 1000 })
    expect(cache.layout.blocks).toBe(most)
    for (let i = 0; i < 400; i++) {
      cache.reserve(0, 3)
      cache.commit(0, 3)
      cache.truncate(0, Math.max(0, cache.length(0) - (i % 3 === 0 ? 5 : 0)))
    }
    expect(cache.length(0)).toBeGreaterThan(400)
  })
})

describe('memory of a step', () => {
  it.each(CACHES)('$of: rows are written in place, and blocks that are shared copied in place', async ({ make }) => {
    const device = wasmDevice({ threads: 1 })
    const before = setDefaultDevice(device)
    const cache = make({ ...SIZES, maxLength: 1000 }, device)
    const latent = !cache.cells.has('0.v')
    const [, KV, D] = (cache.cells.get('0.k') as { shape: readonly number[] }).shape as [number, number, number]
    const step = compile((k: Tensor, place: CacheStep) => {
      const written = cache.layers.map((layer) => layer.append(k, latent ? null : k, place))
      return written.map(({ k: cell }) => cell.slice([[0, 1]]))
    })
    const k = tensor(new Float32Array(4 * KV * D), { shape: [4, KV, D] })
    const place = cache.step([{ sequence: 0, tokens: 4 }])
    // Less than a row of each cell for each token, where a copy of a cell would be a multiple of it.
    const little = 4 * 4 * cacheBytesPerToken(cache.layout) + 4096
    expect((await explain(step, k, place)).peak.bytes).toBeLessThan(little)
    await step(k, place)
    cache.commit(0, 3)
    cache.fork(0)
    cache.step([{ sequence: 0, tokens: 1 }])
    await realize(...[...cache.cells.values()].map(({ value }) => value))
    expect((await memory(device)).peakBytes).toBeLessThan(little)
    setDefaultDevice(before)
    await device.close()
  })
})

describe('a snapshot', () => {
  beforeAll(() => {
    setDefaultDevice(cpuDevice())
  })

  it('of one placement restores into any other of the same cells', async () => {
    const makes = [
      () => contiguousCache(SIZES),
      () => pagedCache({ ...SIZES, blockSize: 4 }),
      () => pagedCache({ ...SIZES, blockSize: 5 }),
    ]
    for (const from of makes) {
      const source = from()
      await append(source, 0, 3)
      await append(source, 1, 7)
      const bytes = await source.snapshot(1)
      for (const to of makes) {
        const target = to()
        await append(target, 0, 12)
        await target.restore(0, bytes)
        expect(target.length(0)).toBe(7)
        expect(await held(target, 0, '0.k')).toEqual([1, 2, 3, 4, 5, 6, 7])
        expect(await held(target, 0, '1.v')).toEqual([1, 2, 3, 4, 5, 6, 7].map((x) => -2 * x))
        // The same bytes again, whatever holds them.
        expect(await target.snapshot(0)).toEqual(bytes)
      }
    }
  })

  it('of a window holds what is kept, and restores where no more is seen', async () => {
    const window = (size: number, sinks: number, blockSize = 2) =>
      slidingCache({ ...SIZES, window: size, sinks, blockSize, stepTokens: 12 })
    const source = window(4, 1)
    for (const tokens of [5, 4, 1]) await append(source, 0, tokens)
    expect(source.positions(0)).toEqual([0, 1, 6, 7, 8, 9])
    const bytes = await source.snapshot(0)
    for (const target of [window(4, 1, 3), window(3, 0), window(4, 1, 16)]) {
      await target.restore(2, bytes)
      expect(target.length(2)).toBe(10)
      expect(await held(target, 2, '0.k')).toEqual(target.positions(2).map((position) => position + 1))
      await append(target, 2, 2)
      expect((await held(target, 2, '0.k')).slice(-2)).toEqual([11, 12])
    }
    const whole = pagedCache(SIZES)
    await expect(whole.restore(0, bytes)).rejects.toThrow(
      'pagedCache, sequence 0: expected all positions from 0 to 9, got a snapshot without positions 2 to 5. ' +
        'It is of a cache with a smaller window or fewer sinks: restore it into one like that.',
    )
    await expect(window(6, 1).restore(0, bytes)).rejects.toThrow(
      'slidingCache, sequence 0: expected the positions from 5 to 9 and the first 1, got a snapshot without positions 2 to 5.',
    )
    await expect(window(4, 3).restore(0, bytes)).rejects.toThrow(/and the first 3, got/)
    // What another cache still has is given back as it comes in.
    await append(whole, 0, 10)
    const narrow = window(3, 0)
    await narrow.restore(0, await whole.snapshot(0))
    expect(narrow.positions(0)).toEqual([8, 9])
    expect(() => narrow.truncate(0, 8)).toThrow(/positions 0 to 7 were given back/)
  })

  it('of another cache and one that is broken are refused, and all stays as it was', async () => {
    const mine = contiguousCache(SIZES)
    await append(mine, 0, 3)
    const bytes = await mine.snapshot(0)
    await expect(contiguousCache({ ...SIZES, headDim: 8 }).restore(0, bytes)).rejects.toThrow(
      'contiguousCache, sequence 0: expected float32 [3, 2, 8] for 0.k, got F32 [3, 2, 4]. ' +
        'The snapshot is of another model or cache.',
    )
    await expect(quantizedCache(SIZES).restore(0, bytes)).rejects.toThrow(
      'quantizedCache, sequence 0: expected positions int32 [tokens] and 6 tensors, int8 [tokens, 2, 4] for 0.k, got 5 tensors: ',
    )
    await expect(contiguousCache({ ...SIZES, dtype: 'bfloat16' }).restore(0, bytes)).rejects.toThrow(
      /expected bfloat16 \[3, 2, 4\] for 0.k, got F32/,
    )
    await expect(contiguousCache({ ...SIZES, maxLength: 2 }).restore(0, bytes)).rejects.toThrow(
      'contiguousCache, sequence 0: expected at most 2 tokens more, 0 of 2 places being taken, got 3.',
    )
    const full = pagedCache({ ...SIZES, blockSize: 4, blocks: 2 })
    await append(full, 0, 5)
    await expect(full.restore(1, bytes)).rejects.toThrow(/at most 0 blocks more of 4 tokens/)
    await full.restore(0, bytes)
    expect([full.length(0), full.free()]).toEqual([3, 1])
    await expect(mine.restore(0, bytes.subarray(0, bytes.length - 1))).rejects.toThrow(/sequence 0: expected/)
    await expect(mine.restore(7, bytes)).rejects.toThrow('contiguousCache: expected a sequence from 0 to 2, got 7.')
    expect(mine.length(0)).toBe(3)
    expect(await held(mine, 0, '0.k')).toEqual([1, 2, 3])
  })
})

describe('a step', () => {
  beforeAll(() => {
    setDefaultDevice(cpuDevice())
  })

  it('says where tokens stand and what they see', async () => {
    const cache = slidingCache({ ...SIZES, window: 3, sinks: 1, blockSize: 2, stepTokens: 6 })
    await append(cache, 0, 3)
    const step = cache.step(
      [
        { sequence: 2, tokens: 2, positions: [0, 1] },
        { sequence: 0, tokens: 1 },
      ],
      { fill: 4 },
    )
    const { extents, positions, places, sinks } = step
    expect([extents.blockSize, extents.layout, sinks]).toEqual([2, 'paged', 1])
    expect([...(await positions.data())]).toEqual([0, 1, 3, 0])
    expect([...(await places.data())]).toEqual([4, 5, 3, -1])
    expect(extents.sequences.shape).toEqual([3, 3 + 6])
    expect([...(await extents.sequences.data())]).toEqual(
      [
        [0, 2, 2, 4, -1, -1, -1, -1, -1],
        [2, 3, 4, 0, 2, -1, -1, -1, -1],
        [3, 3, 0, -1, -1, -1, -1, -1, -1],
      ].flat(),
    )
    expect([...(await extents.ranges.data())]).toEqual([0, 1, 0, 2, 1, 4, 0, 0])
  })

  it('refuses what it cannot place, and stays as it was', async () => {
    const cache = pagedCache({ ...SIZES, blockSize: 4, blocks: 3 })
    await append(cache, 0, 5)
    const refuse = (tokens: Parameters<KeyValueCache['step']>[0], fill?: number) =>
      expect(() => cache.step(tokens, fill === undefined ? {} : { fill }))
    refuse([{ sequence: 0, tokens: 1, positions: [4] }]).toThrow(
      'pagedCache, sequence 0: expected position 5 for token 0, as the sequence holds 5 tokens, got 4. ' +
        'Truncate the sequence to 4 first: what stands there is kept otherwise.',
    )
    refuse([{ sequence: 0, tokens: 2, positions: [5, 7] }]).toThrow(
      'pagedCache, sequence 0: expected position 6 for token 1, as the sequence holds 5 tokens, got 7. ' +
        'Append the tokens before it first.',
    )
    refuse([{ sequence: 0, tokens: 2, positions: [5] }]).toThrow('expected 2 positions, one a token, got 1.')
    refuse([
      { sequence: 1, tokens: 1 },
      { sequence: 1, tokens: 1 },
    ]).toThrow('pagedCache, sequence 1: expected each sequence at most once a step, got it again. Join its tokens.')
    refuse([{ sequence: 1, tokens: 0 }]).toThrow(
      'pagedCache, sequence 1: expected a whole number of tokens from 1, got 0.',
    )
    refuse([]).toThrow('pagedCache: expected tokens of at least one sequence, got none.')
    refuse([{ sequence: 5, tokens: 1 }]).toThrow('pagedCache: expected a sequence from 0 to 2, got 5.')
    refuse([{ sequence: 1, tokens: 2 }], 1).toThrow(
      'pagedCache: expected a fill of at least the 2 tokens of the step, got 1.',
    )
    refuse([{ sequence: 0, tokens: 8 }]).toThrow(
      'pagedCache, sequence 0: expected at most 7 tokens more, 5 of 12 places being taken, got 8. ' +
        'Shorten the text, truncate the sequence, or make a cache with a larger maxLength.',
    )
    refuse([
      { sequence: 0, tokens: 3 },
      { sequence: 1, tokens: 4 },
      { sequence: 2, tokens: 1 },
    ]).toThrow(
      'pagedCache: expected at most 1 blocks more of 4 tokens, 2 of 3 being held, got 8 tokens in 3 sequences, which take 2. ' +
        'Truncate a sequence, or make a cache with more blocks.',
    )
    expect([cache.free(), cache.reserved(0), cache.reserved(1)]).toEqual([1, 0, 0])
    expect(() => cache.commit(0, 1)).toThrow(CacheError)
    expect(() => cache.fork(3)).toThrow('pagedCache: expected a sequence from 0 to 2, got 3.')
  })

  it('copies what is shared as it was when room was reserved, also block after block', async () => {
    const cache = pagedCache({ ...SIZES, blockSize: 4 })
    await append(cache, 0, 3)
    cache.fork(0)
    // The fork gets a block of its own, which a fork of the fork shares and leaves again: nothing has been written yet.
    cache.reserve(1, 1)
    cache.truncate(1, 3)
    cache.fork(1)
    cache.reserve(2, 1)
    // The first one's block is free again and another's now.
    cache.truncate(0, 0)
    await append(cache, 0, 4)
    for (const sequence of [1, 2]) {
      await append(cache, sequence, 1)
      expect(await held(cache, sequence, '0.k')).toEqual([1, 2, 3, 4])
      expect(await held(cache, sequence, '1.v')).toEqual([-2, -4, -6, -8])
    }
    expect(cache.free()).toBe(9 - 3)
  })

  it('takes what is reserved first', async () => {
    const cache = pagedCache({ ...SIZES, blockSize: 4, blocks: 1 })
    cache.reserve(0, 4)
    cache.step([{ sequence: 0, tokens: 3 }])
    expect(cache.reserved(0)).toBe(4)
    cache.commit(0, 3)
    expect(() => cache.step([{ sequence: 0, tokens: 2 }])).toThrow(/which take 1/)
    cache.step([{ sequence: 0, tokens: 1 }])
  })

  it('checks the rows that a layer gets', () => {
    const [paged, latent] = [pagedCache(SIZES), latentCache({ ...SIZES, latentDim: 6, ropeDim: 2 })]
    const zeros = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape })
    const step = paged.step([{ sequence: 0, tokens: 2 }])
    const layer = paged.layers[1] as KeyValueCache['layers'][number]
    expect(() => layer.append(zeros(1, 2, 2, 4), zeros(2, 2, 4), step)).toThrow(
      'pagedCache, layer 1: expected k [2, 2, 4], a row a token of the step, got [1, 2, 2, 4]. ' +
        'Lay the tokens of all rows end to end, in the order in which they were given to the step.',
    )
    expect(() => layer.append(zeros(2, 2, 4), null, step)).toThrow(
      'pagedCache, layer 1: expected keys and values, got null for v.',
    )
    expect(() =>
      latent.layers[0]?.append(zeros(1, 1, 8), zeros(1, 1, 8), latent.step([{ sequence: 0, tokens: 1 }])),
    ).toThrow(
      'latentCache, layer 0: expected null for v: a latent cache keeps keys whose first channels are the values, got v [1, 1, 8].',
    )
  })

  it('of a latent cache gives the keys as values', async () => {
    const cache = latentCache({ layers: 1, sequences: 1, maxLength: 8, latentDim: 3, ropeDim: 1 })
    const step = cache.step([{ sequence: 0, tokens: 1 }])
    const k = tensor(Float32Array.of(1, 2, 3, 4), { shape: [1, 1, 4] })
    const { k: keys, v } = (cache.layers[0] as KeyValueCache['layers'][number]).append(k, null, step)
    expect(v).toBe(keys)
    const { y } = flashAttention(k, keys, v, step.extents, { valueChannels: 3 })
    expect([...(await y.data())]).toEqual([1, 2, 3])
  })
})

describe('what a cache refuses to be made of', () => {
  it('says which number is wrong', () => {
    expect(() => contiguousCache({ ...SIZES, maxLength: 0 })).toThrow(
      'contiguousCache: expected maxLength as a whole number from 1, got 0.',
    )
    expect(() => contiguousCache({ ...SIZES, kvHeads: 0 })).toThrow(
      'contiguousCache: expected kvHeads as a whole number from 1, got 0.',
    )
    expect(() => pagedCache({ ...SIZES, headDim: 2.5 })).toThrow('expected headDim as a whole number from 1, got 2.5.')
    expect(() => pagedCache({ ...SIZES, valueDim: 0 })).toThrow('expected valueDim as a whole number from 1, got 0.')
    expect(() => pagedCache({ ...SIZES, layers: 0 })).toThrow(
      'pagedCache: expected layers as a whole number from 1, got 0.',
    )
    expect(() => pagedCache({ ...SIZES, sequences: 0 })).toThrow('expected sequences as a whole number from 1, got 0.')
    expect(() => pagedCache({ ...SIZES, blockSize: 0 })).toThrow('expected blockSize as a whole number from 1, got 0.')
    expect(() => latentCache({ ...SIZES, latentDim: 0, ropeDim: 1 })).toThrow(
      'latentCache: expected latentDim as a whole number from 1, got 0.',
    )
    expect(() => slidingCache({ ...SIZES, window: 0 })).toThrow(
      "slidingCache: expected a window of at least 1 key, the token's own, got 0. Leave it out to keep all.",
    )
    expect(() => slidingCache({ ...SIZES, window: 2, sinks: -1 })).toThrow(
      'slidingCache: expected sinks from 0, got -1.',
    )
    expect(() => cacheBytesPerToken({ layers: 0, kvHeads: 1, headDim: 1 })).toThrow(
      'cacheBytes: expected layers as a whole number from 1, got 0.',
    )
  })
})
