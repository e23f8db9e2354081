import {
  type Compiled,
  compile,
  cpuDevice,
  type Device,
  realize,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
  webgpuDevice,
} from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { swiftShaderGpu } from '@almanac/test-kit/dawn'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CacheStep, denseExtents, flashAttention, type KeyValueCache, quantizeRows } from '../src/index.js'
import { CACHES, type CacheCase } from './cache-cases.js'

const SIZES = { layers: 1, sequences: 3, maxLength: 16, kvHeads: 2, headDim: 4 }
const [H, D] = [4, SIZES.headDim]
/** Tokens of a step, filled up. */
const FILL = 8

const gpu = await swiftShaderGpu()
const DEVICES: [string, () => Device][] = [
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
  ...(gpu ? [['webgpu', () => webgpuDevice({ gpu })] as [string, () => Device]] : []),
]

/** Queries [T, H, D], keys and values [T, KV, D] of a text. */
interface Text {
  readonly q: Float32Array
  readonly k: Float32Array
  readonly v: Float32Array
}

interface Setup {
  readonly cache: KeyValueCache
  readonly kvHeads: number
  readonly attend: Compiled<(q: Tensor, k: Tensor, v: Tensor, step: CacheStep) => Tensor>
}

/** What a text's tokens get, a row [H Dv] each. */
type Rows = number[][]

describe.each(DEVICES)('decoding on %s', (_, make) => {
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

  const setup = (kind: CacheCase): Setup => {
    const cache = kind.make(SIZES, device)
    const latent = 'latentDim' in cache.layout
    const [layer] = cache.layers as [KeyValueCache['layers'][number]]
    const attend = compile((q: Tensor, k: Tensor, v: Tensor, step: CacheStep) => {
      const held = layer.append(k, latent ? null : v, step)
      const { y } = flashAttention(q, held.k, held.v, step.extents, {
        sinks: step.sinks,
        ...(held.scales ? { scales: held.scales } : {}),
        ...(latent ? { valueChannels: D - 1 } : {}),
      })
      return y.reshape([FILL, -1])
    })
    return { cache, kvHeads: latent ? 1 : SIZES.kvHeads, attend }
  }
  const textOf = (seed: number, tokens: number, { kvHeads }: Setup, prefix?: Text): Text => {
    const random = seededRandom(seed)
    const of = (heads: number, past: Float32Array | undefined) => {
      const values = Float32Array.from(random.normals(tokens * heads * D))
      if (past) values.set(past)
      return values
    }
    return { q: of(H, prefix?.q), k: of(kvHeads, prefix?.k), v: of(kvHeads, prefix?.v) }
  }
  const lengthOf = ({ q }: Text) => q.length / (H * D)

  /** One pass over the whole text without a cache, over what the cache would keep of each key; or over the keys as they are. */
  const whole = async (text: Text, { cache, kvHeads }: Setup, { sinks = 0, window }: CacheCase, exact = false) => {
    const T = lengthOf(text)
    const { dtype = 'float32' } = cache.layout
    const kept = (x: Float32Array): Tensor => {
      const rows = tensor(x, { shape: [T, kvHeads, D] })
      if (exact) return rows
      if (dtype !== 'int8') return rows.cast(dtype).cast('float32')
      const { values, scales } = quantizeRows(rows)
      return values.cast('float32').mul(scales)
    }
    const extents = denseExtents({ batch: 1, time: T, ...(window ? { window } : {}) })
    const latent = 'latentDim' in cache.layout
    const keys = kept(text.k)
    const { y } = flashAttention(tensor(text.q, { shape: [T, H, D] }), keys, latent ? keys : kept(text.v), extents, {
      sinks,
      ...(latent ? { valueChannels: D - 1 } : {}),
    })
    return y.data()
  }
  /** Appends the next tokens of some sequences and adds what they get to `rows`. */
  const advance = async (
    { cache, kvHeads, attend }: Setup,
    parts: readonly { sequence: number; text: Text; tokens: number; keep?: number; rows: Rows }[],
  ) => {
    const filled = (heads: number, of: (text: Text) => Float32Array) => {
      const values = new Float32Array(FILL * heads * D)
      let at = 0
      for (const { sequence, text, tokens } of parts) {
        const start = cache.length(sequence) * heads * D
        values.set(of(text).subarray(start, start + tokens * heads * D), at)
        at += tokens * heads * D
      }
      return tensor(values, { shape: [FILL, heads, D] })
    }
    const inputs = [filled(H, ({ q }) => q), filled(kvHeads, ({ k }) => k), filled(kvHeads, ({ v }) => v)] as const
    const step = cache.step(parts, { fill: FILL })
    const y = await (await attend(...inputs, step)).data()
    const width = y.length / FILL
    let at = 0
    for (const { sequence, tokens, keep = tokens, rows } of parts) {
      for (let i = 0; i < keep; i++) rows.push([...y.subarray((at + i) * width, (at + i + 1) * width)])
      cache.commit(sequence, keep)
      cache.truncate(sequence, cache.length(sequence))
      at += tokens
    }
    expect(y.subarray(at * width).every((value) => value === 0)).toBe(true)
  }
  const same = async (rows: Rows, text: Text, setup: Setup, kind: CacheCase, of: string) =>
    assertClose(rows.flat(), await whole(text, setup, kind), toleranceFor('float32', 'fused'), of)

  it.each(CACHES)('$of: token by token what one pass gives, and one program for all steps', async (kind) => {
    const run = setup(kind)
    const text = textOf(1, 14, run)
    const rows: Rows = []
    for (const tokens of [5, 1, 1, 3, 2, 1, 1]) await advance(run, [{ sequence: 0, text, tokens, rows }])
    await same(rows, text, run, kind, 'the text')
    expect(run.attend.traces).toBe(1)
  })

  it.each(CACHES)('$of: texts side by side get what they get one by one', async (kind) => {
    const run = setup(kind)
    const texts = [3, 4, 5].map((seed, i) => textOf(seed, [9, 12, 4][i] as number, run))
    const rows: Rows[] = [[], [], []]
    const plan = [
      [5, 2, 0],
      [1, 1, 3],
      [1, 5, 0],
      [1, 1, 1],
      [1, 3, 0],
    ] as const
    for (const counts of plan) {
      await advance(
        run,
        counts.flatMap((tokens, s) =>
          tokens ? [{ sequence: s, text: texts[s] as Text, tokens, rows: rows[s] as Rows }] : [],
        ),
      )
    }
    for (const [s, text] of texts.entries()) await same(rows[s] as Rows, text, run, kind, `text ${s} of three`)
  })

  it.each(CACHES)('$of: forks go on apart, drafts that are not taken leave nothing', async (kind) => {
    const run = setup(kind)
    const first = textOf(6, 12, run)
    const rows: Rows = []
    await advance(run, [{ sequence: 0, text: first, tokens: 5, rows }])
    await advance(run, [{ sequence: 0, text: first, tokens: 1, rows }])
    const fork = run.cache.fork(0)
    const second = textOf(7, 12, run, {
      q: first.q.subarray(0, 6 * H * D),
      k: first.k.subarray(0, 6 * run.kvHeads * D),
      v: first.v.subarray(0, 6 * run.kvHeads * D),
    })
    const others: Rows = rows.map((row) => [...row])
    // A draft of three, of which one is taken, while the other text goes on.
    await advance(run, [
      { sequence: 0, text: first, tokens: 3, keep: 1, rows },
      { sequence: fork, text: second, tokens: 2, rows: others },
    ])
    run.cache.reorder([fork, 0, 2])
    for (const tokens of [2, 1, 1]) {
      await advance(run, [
        { sequence: 1, text: first, tokens, rows },
        { sequence: 0, text: second, tokens, rows: others },
      ])
    }
    await advance(run, [{ sequence: 1, text: first, tokens: 1, rows }])
    await same(rows, first, run, kind, 'the first')
    await same(others, second, run, kind, 'the fork')
  })

  it('int8 keys give what float keys give within their steps', async () => {
    const kind = CACHES.find(({ of }) => of === 'quantised') as CacheCase
    const run = setup(kind)
    const text = textOf(8, 12, run)
    const [kept, exact] = [await whole(text, run, kind), await whole(text, run, kind, true)]
    const { scales } = quantizeRows(tensor(text.k, { shape: [12, 2, D] }))
    const values = quantizeRows(tensor(text.v, { shape: [12, 2, D] }))
    await realize(scales, values.scales)
    const [keyStep, valueStep] = [Math.max(...(await scales.data())), Math.max(...(await values.scales.data()))]
    const largest = Math.max(...text.v.map(Math.abs))
    for (let n = 0; n < 12; n++) {
      for (let h = 0; h < H; h++) {
        const at = (n * H + h) * D
        const reach = text.q.subarray(at, at + D).reduce((sum, x) => sum + Math.abs(x), 0)
        // A score is off by at most this much, so a weight by a factor e^(2 off), and a value by half a step.
        const off = (D ** -0.5 * reach * keyStep) / 2
        const bound = valueStep / 2 + (Math.exp(2 * off) - 1) * largest
        for (let d = at; d < at + D; d++)
          expect(Math.abs((kept[d] as number) - (exact[d] as number))).toBeLessThan(bound)
      }
    }
    expect(kept).not.toEqual(exact)
  })
})
