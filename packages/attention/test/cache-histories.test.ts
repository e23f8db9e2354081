import {
  type Compiled,
  compile,
  concat,
  cpuDevice,
  type Device,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '@almanac/tensor-core'
import { seededRandom } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CacheError, type CacheStep, type KeyValueCache } from '../src/index.js'
import { CACHES, type CacheCase } from './cache-cases.js'

const SIZES = { layers: 2, sequences: 3, maxLength: 10, kvHeads: 1, headDim: 3 }
const D = SIZES.headDim
/** Tokens of a step, filled up. */
const FILL = 8

/** A token's key; its value, and those of other layers, are a constant away. */
type Row = readonly number[]
/** What a sequence should hold; what was given back is undefined. */
type Model = (Row | undefined)[]

interface Run {
  readonly cache: KeyValueCache
  readonly append: Compiled<(rows: Tensor, step: CacheStep) => Tensor>
  /** All cells end to end, as numbers. */
  readonly read: Compiled<() => Tensor>
}

function prepare(device: Device, { make }: CacheCase): Run {
  const cache = make(SIZES, device)
  const latent = !cache.cells.has('0.v')
  const append = compile((rows: Tensor, step: CacheStep) => {
    cache.layers.forEach((layer, i) => {
      const k = rows.add(10 * i)
      layer.append(k, latent ? null : k.add(100), step)
    })
    return step.positions
  })
  const read = compile(() =>
    concat([...cache.cells.values()].map(({ value }) => value.cast('float32').reshape([value.size]))),
  )
  return { cache, append, read }
}

/** What the cells hold of every sequence, against the model. */
async function check({ cache, read }: Run, model: readonly Model[]): Promise<void> {
  const values = await (await read()).data()
  const start = new Map<string, number>()
  let at = 0
  for (const [name, { shape }] of cache.cells) {
    start.set(name, at)
    at += shape.reduce((a, b) => a * b, 1)
  }
  model.forEach((rows, s) => {
    const positions = cache.positions(s)
    const places = cache.places(s)
    expect(positions).toEqual(rows.flatMap((row, i) => (row ? [i] : [])))
    positions.forEach((position, n) => {
      const place = places[n] as number
      for (let layer = 0; layer < SIZES.layers; layer++) {
        for (const [i, cell] of ['k', 'v'].entries()) {
          const from = start.get(`${layer}.${cell}`)
          if (from === undefined) continue
          const expected = (rows[position] as Row).map((x) => x + 10 * layer + 100 * i)
          const got = [...values.subarray(from + place * D, from + (place + 1) * D)]
          const scales = start.get(`${layer}.scales`)
          if (scales === undefined) expect(got).toEqual(expected)
          else {
            const scale = values[scales + 2 * place + i] as number
            expect(scale).toBe(Math.fround(Math.max(...expected.map(Math.abs)) / 127))
            // Half a step, and what float32 loses on the way.
            for (const [d, x] of expected.entries())
              expect(Math.abs((got[d] as number) * scale - x) <= scale * (0.5 + 2 ** -16)).toBe(true)
          }
        }
      }
    })
  })
}

interface Counts {
  forks: number
  restores: number
  refusals: number
  tokens: number
  shared: number
}

/** One random history, from free to free. */
async function history(run: Run, seed: number, kind: CacheCase, counts: Counts): Promise<void> {
  const { window = Number.POSITIVE_INFINITY, sinks = 0 } = kind
  const { cache, append } = run
  const { sequences, maxLength } = SIZES
  const random = seededRandom(seed)
  const { blocks, blockSize } = cache.layout
  let model: Model[] = Array.from({ length: sequences }, () => [])
  const snapshots: { bytes: Uint8Array; rows: Model }[] = []
  /** Blocks behind the window are given back whole. */
  const slide = (rows: Model) => {
    for (let from = 0; from + blockSize <= rows.length; from += blockSize) {
      const block = Array.from({ length: blockSize }, (_, i) => from + i)
      if (block.every((i) => i >= sinks && i <= rows.length - window)) for (const i of block) rows[i] = undefined
    }
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const s = random.integer(sequences)
    const mine = model[s] as Model
    const some = ['append', 'append', 'append', 'truncate', 'fork', 'fork', 'reorder', 'snapshot'] as const
    const what = turn === 0 ? 'append' : random.pick(some)
    if (what === 'append') {
      let room = FILL
      const tokens = model.flatMap(({ length }, sequence) => {
        const n = Math.min(sequence === s ? 1 + random.integer(5) : random.integer(3), room)
        room -= n
        return n === 0 ? [] : [{ sequence, tokens: n, positions: Array.from({ length: n }, (_, i) => length + i) }]
      })
      if (tokens.some((t) => (model[t.sequence] as Model).length + t.tokens > maxLength)) {
        const before = model.map((_, i) => [cache.free(), cache.places(i), cache.reserved(i)])
        expect(() => cache.step(tokens, { fill: FILL })).toThrow(CacheError)
        expect(model.map((_, i) => [cache.free(), cache.places(i), cache.reserved(i)])).toEqual(before)
        counts.refusals++
        continue
      }
      const step = cache.step(tokens, { fill: FILL })
      const rows = Array.from({ length: FILL }, () => Array.from({ length: D }, () => random.integer(23) - 11))
      await append(tensor(Float32Array.from(rows.flat()), { shape: [FILL, 1, D] }), step)
      let at = 0
      for (const { sequence, tokens: n } of tokens) {
        // Some of a draft's tokens are not taken.
        const kept = random.integer(4) === 0 ? random.integer(n + 1) : n
        cache.commit(sequence, kept)
        const own = model[sequence] as Model
        own.push(...rows.slice(at, at + kept))
        slide(own)
        cache.truncate(sequence, own.length)
        at += n
        counts.tokens += kept
      }
    } else if (what === 'truncate') {
      const to = random.integer(mine.length + 1)
      const seen = mine.slice(Math.max(0, to - Math.max(1, window - 1)), to)
      if (seen.includes(undefined)) {
        expect(() => cache.truncate(s, to)).toThrow(/were given back/)
        counts.refusals++
      } else {
        cache.truncate(s, to)
        mine.length = to
      }
    } else if (what === 'fork') {
      const free = model.findIndex(({ length }, i) => length === 0 && i !== s)
      if (free < 0) expect(() => cache.fork(s)).toThrow(CacheError)
      else {
        expect(cache.fork(s)).toBe(free)
        model[free] = [...mine]
        if (mine.length > 0) counts.forks++
      }
    } else if (what === 'reorder') {
      const order = model.map(() => random.integer(sequences))
      cache.reorder(order)
      model = order.map((from) => [...(model[from] as Model)])
    } else if (snapshots.length === 0) {
      snapshots.push({ bytes: await cache.snapshot(s), rows: [...mine] })
    } else {
      const { bytes, rows } = random.pick(snapshots)
      await cache.restore(s, bytes)
      model[s] = [...rows]
      counts.restores++
    }
    const places = new Set(model.flatMap((_, i) => cache.places(i)))
    if (places.size < model.reduce((sum, rows) => sum + rows.filter(Boolean).length, 0)) counts.shared++
  }
  await check(run, model)
  model.forEach((_, s) => void cache.truncate(s, 0))
  expect(cache.free()).toBe(blocks)
}

const gpu = await swiftShaderGpu()
/** How many histories: many of the five caches where they are fast, fewer of what crosses them. */
const DEVICES: [string, () => Device, named: number, crossed: number][] = [
  ['cpu', () => cpuDevice(), 30, 30],
  ['wasm, one thread', () => wasmDevice({ threads: 1 }), 2000, 200],
  ['wasm, two threads', () => wasmDevice({ threads: 2 }), 30, 30],
  ...(gpu ? [['webgpu', () => webgpuDevice({ gpu }), 4, 4] as [string, () => Device, number, number]] : []),
]
const TURNS = 8

describe.each(DEVICES)('caches on %s', (_, make, named, crossed) => {
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

  it.each(CACHES)('$of: random histories against plain arrays, and every block comes back', async (kind) => {
    const histories = kind.crossed ? crossed : named
    const run = prepare(device, kind)
    const counts: Counts = { forks: 0, restores: 0, refusals: 0, tokens: 0, shared: 0 }
    for (let seed = 0; seed < histories; seed++) await history(run, seed, kind, counts)
    // One program for all steps: what differs between them is in the tensors.
    expect(run.append.traces).toBe(1)
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(Math.floor(histories / 25))
  })
})
