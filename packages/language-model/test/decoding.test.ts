import {
  type CacheStep,
  contiguousCache,
  type KeyValueCache,
  pagedCache,
  quantizedCache,
  slidingCache,
} from '@almanac/attention'
import {
  type Compiled,
  compile,
  cpuDevice,
  type Device,
  key,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { assertClose, seededRandom, toleranceFor } from '@almanac/test-kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { generateTokens, Llama } from '../src/index.js'

const CONFIG = {
  vocabSize: 61,
  hiddenSize: 24,
  intermediateSize: 40,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  maxPositions: 48,
  tieWordEmbeddings: false,
}
const V = CONFIG.vocabSize

type Step = Compiled<(tokens: Tensor, place: CacheStep, last: Tensor) => Tensor>

/** Tokens of some sequences, end to end in one row, and the logits after the last one of each. */
async function advance(
  step: Step,
  cache: KeyValueCache,
  parts: readonly { sequence: number; ids: readonly number[] }[],
  fill: number,
): Promise<Float32Array[]> {
  const ids = parts.flatMap((part) => [...part.ids])
  const place = cache.step(
    parts.map(({ sequence, ids: own }) => ({ sequence, tokens: own.length })),
    { fill },
  )
  let end = -1
  const last = Int32Array.from({ length: 3 }, (_, i) => {
    end += parts[i]?.ids.length ?? 0
    return end
  })
  const row = tensor(
    Int32Array.from({ length: fill }, (_, i) => ids[i] ?? 0),
    { shape: [1, fill] },
  )
  const logits = await (await step(row, place, tensor(last))).data()
  for (const { sequence, ids: own } of parts) cache.commit(sequence, own.length)
  return parts.map((_, i) => logits.slice(i * V, (i + 1) * V) as Float32Array)
}

describe.each([
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
] as const)('a Llama decodes on %s', (_, make) => {
  let device: Device
  let before: Device
  let model: Llama
  beforeAll(() => {
    device = make()
    before = setDefaultDevice(device)
    model = new Llama(CONFIG).init(key(3))
    // Drawn too small, attention would weigh everything alike.
    for (const parameter of model.parameters())
      if (parameter.shape.length === 2) parameter.assign(parameter.value.mul(8))
  })
  afterAll(async () => {
    setDefaultDevice(before)
    await device.close()
  })
  const stepOf = (cache: KeyValueCache): Step =>
    compile((tokens: Tensor, place: CacheStep, last: Tensor) =>
      model.nextLogits(tokens, last, { step: place, layers: cache.layers }),
    )
  const whole = async (ids: readonly number[]) => {
    const logits = await model.forward(tensor(Int32Array.from(ids), { shape: [1, ids.length] })).data()
    return logits.subarray((ids.length - 1) * V)
  }
  const textOf = (seed: number, length: number): number[] => {
    const random = seededRandom(seed)
    return Array.from({ length }, () => random.integer(V))
  }

  test.each([
    ['contiguous', (own: Llama) => contiguousCache({ ...own.cacheShape, sequences: 3, maxLength: 40 })],
    ['paged', (own: Llama) => pagedCache({ ...own.cacheShape, sequences: 3, maxLength: 40, blockSize: 8 })],
    [
      'sliding, with a window as long as the text',
      (own: Llama) => slidingCache({ ...own.cacheShape, sequences: 3, maxLength: 40, window: 40, blockSize: 8 }),
    ],
  ])('texts of a shared beginning side by side over a cache that is %s', async (_, makeCache) => {
    const cache = makeCache(model)
    const step = stepOf(cache)
    const beginning = textOf(1, 11)
    const tails = [textOf(2, 7), textOf(3, 7), textOf(4, 7)]
    // The beginning goes through the model once.
    await advance(step, cache, [{ sequence: 0, ids: beginning }], 16)
    const blocks = cache.free()
    const sequences = [0, cache.fork(0), cache.fork(0)]
    expect(cache.free()).toBe(blocks)
    const texts = tails.map(() => [...beginning])
    for (const [from, to] of [
      [0, 3],
      [3, 4],
      [4, 7],
    ] as const) {
      const parts = sequences.map((sequence, i) => ({ sequence, ids: (tails[i] as number[]).slice(from, to) }))
      const logits = await advance(step, cache, parts, 16)
      for (const [i, text] of texts.entries()) {
        text.push(...(parts[i] as { ids: number[] }).ids)
        assertClose(
          logits[i] as Float32Array,
          await whole(text),
          toleranceFor('float32', 'fused'),
          `text ${i} to ${to}`,
        )
      }
    }
    expect(step.traces).toBe(1)
    // All but one text ends: what they alone held comes back.
    cache.truncate(1, 0)
    cache.truncate(2, 0)
    expect(cache.free()).toBeGreaterThan(blocks - 3)
  })

  test('rows of a batch, as many sequences as rows', async () => {
    const cache = contiguousCache({ ...model.cacheShape, sequences: 3, maxLength: 12 })
    const texts = [textOf(5, 9), textOf(6, 9), textOf(7, 9)]
    for (const [from, to] of [
      [0, 6],
      [6, 9],
    ] as const) {
      const place = cache.step(texts.map((_, sequence) => ({ sequence, tokens: to - from })))
      const rows = tensor(Int32Array.from(texts.flatMap((ids) => ids.slice(from, to))), { shape: [3, to - from] })
      const logits = await model
        .nextLogits(rows, tensor(to - from - 1, { dtype: 'int32' }), { step: place, layers: cache.layers })
        .data()
      for (const [i, ids] of texts.entries()) {
        cache.commit(i, to - from)
        assertClose(
          logits.subarray(i * V, (i + 1) * V),
          await whole(ids.slice(0, to)),
          toleranceFor('float32', 'fused'),
          `row ${i}`,
        )
      }
    }
  })

  test('over int8 keys the likeliest tokens stay the likeliest', async () => {
    const text = textOf(8, 20)
    const likeliest = async (cache: KeyValueCache) => {
      const step = stepOf(cache)
      const ids: number[] = []
      for (const id of text) {
        const [logits] = await advance(step, cache, [{ sequence: 0, ids: [id] }], 1)
        ids.push((logits as Float32Array).indexOf(Math.max(...(logits as Float32Array))))
      }
      return ids
    }
    const sizes = { ...model.cacheShape, sequences: 1, maxLength: 40 }
    const expected = await likeliest(contiguousCache(sizes))
    expect(await likeliest(quantizedCache(sizes))).toEqual(expected)
    expect(new Set(expected).size).toBeGreaterThan(8)
  })

  test('greedily what one pass after the other finds the likeliest', async () => {
    const text = textOf(10, 5)
    const generated: number[] = []
    for await (const id of generateTokens(model, text, { temperature: 0, maxTokens: 9 })) generated.push(id)
    for (const id of generated) {
      const logits = await whole(text)
      expect(logits.indexOf(Math.max(...logits))).toBe(id)
      text.push(id)
    }
  })

  test('and draws a sequence on from a snapshot', async () => {
    const sizes = { ...model.cacheShape, sequences: 3, maxLength: 40 }
    const [first, second] = [contiguousCache(sizes), pagedCache(sizes)]
    const text = textOf(9, 14)
    await advance(stepOf(first), first, [{ sequence: 0, ids: text.slice(0, 10) }], 16)
    await second.restore(2, await first.snapshot(0))
    const [logits] = await advance(stepOf(second), second, [{ sequence: 2, ids: text.slice(10) }], 16)
    assertClose(logits as Float32Array, await whole(text), toleranceFor('float32', 'fused'), 'the text')
  })
})

test('a Llama says what does not fit about a cache', () => {
  const model = new Llama(CONFIG)
  const cache = pagedCache({ ...model.cacheShape, sequences: 1, maxLength: 8 })
  const [tokens, two] = [tensor([[1, 2, 3]], { dtype: 'int32' }), tensor([[0, 0]], { dtype: 'int32' })]
  const step = cache.step([{ sequence: 0, tokens: 2 }])
  expect(() => model.forward(tokens, { decoding: { step, layers: cache.layers } })).toThrow(
    'Llama: expected a step of 3 tokens, for tokens [1, 3], got one of 2. Fill both up to the same number.',
  )
  expect(() => model.forward(two, { decoding: { step, layers: cache.layers.slice(1) } })).toThrow(
    'Llama: expected caches of 2 layers, one each, got 1.',
  )
  expect(() => model.forward(two, { decoding: { step, layers: cache.layers }, firsts: two })).toThrow(
    'Llama: expected decoding or firsts, got both. Give each document a sequence of the cache.',
  )
})
