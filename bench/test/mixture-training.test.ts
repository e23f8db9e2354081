// Training reads a mixture of token shards through its own tokenBatch: nothing joins the two packages but the form of their data.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Document, memoryStorage } from '@almanac/data-filter'
import { mixture, mixtureBatches, openTokenShard, type TokenShard, writeTokenShard } from '@almanac/data-filter/mixture'
import { cpuDevice, crossEntropy, type Device, key, setDefaultDevice, type Tensor } from '@almanac/tensor-core'
import { Embedding, Linear, Module } from '@almanac/tensor-core/nn'
import { AdamW } from '@almanac/tensor-core/optim'
import {
  memoryStorage as checkpointMemory,
  heldOutBatches,
  packDocuments,
  type TokenBatch,
  type TokenSource,
  tokenBatch,
  train,
} from '@almanac/training'
import { afterAll, beforeAll, expect, test } from 'vitest'

const T = 12
const VOCABULARY = 32
const STEPS = 10
let folder: string
let device: Device
const shards: TokenShard[] = []
const documents: number[][][] = []

beforeAll(async () => {
  device = cpuDevice()
  setDefaultDevice(device)
  folder = await mkdtemp(join(tmpdir(), 'mixture-training-'))
  for (const [name, stride] of [
    ['odd', 3],
    ['even', 5],
  ] as const) {
    const ids = Array.from({ length: 30 }, (_, n) =>
      Array.from({ length: 5 + ((n * 7) % 30) }, (_, i) => 1 + ((n + i * stride) % (VOCABULARY - 1))),
    )
    documents.push(ids.map((one) => [...one, 0]))
    const texts: Document[] = ids.map((one, n) => ({ id: `${n}`, text: JSON.stringify(one), metadata: {} }))
    const storage = memoryStorage()
    await writeTokenShard(storage, name, texts, ({ text }) => JSON.parse(text), { bytesPerToken: 2, endToken: 0 })
    for (const { name: file } of await storage.list('')) {
      const pieces: Uint8Array[] = []
      for await (const piece of storage.read(file)) pieces.push(piece)
      await writeFile(join(folder, file), Buffer.concat(pieces))
    }
    shards.push(await openTokenShard(folder, name))
  }
})
afterAll(async () => {
  await Promise.all(shards.map((shard) => shard.close()))
  await device.close()
  await rm(folder, { recursive: true })
})

const mixed = () =>
  mixture({
    window: T,
    tokens: STEPS * 4 * T,
    seed: 1,
    sources: [
      { name: 'odd', weight: 0.75, shards: shards.slice(0, 1) },
      { name: 'even', weight: 0.25, shards: shards.slice(1) },
    ],
  })

class Bigrams extends Module {
  readonly embedding = new Embedding(VOCABULARY, 8)
  readonly head = new Linear(8, VOCABULARY)
  forward(ids: Tensor): Tensor {
    return this.head.forward(this.embedding.forward(ids))
  }
}

function run(steps: number, storage = checkpointMemory()) {
  const model = new Bigrams().init(key(1))
  const read = mixtureBatches(mixed(), { batchSize: 4 })
  return train<TokenBatch>({
    model,
    optimizer: new AdamW(model, { learningRate: 0.03 }),
    loss: ({ inputs, targets }) => crossEntropy(model.forward(inputs), targets),
    batches: (step) => {
      const batch = read.at(step)
      return tokenBatch(batch, batch.rows, T)
    },
    steps,
    checkpoint: { storage, every: 5 },
  })
}

test('train goes through a mixture, and on after a pause as if there had been none', async () => {
  const whole = await run(STEPS)
  expect(whole.losses.at(-1)).toBeLessThan(whole.losses[0] as number)
  const storage = checkpointMemory()
  await run(5, storage)
  const rest = await run(STEPS, storage)
  expect(rest.resumedFrom).toBe(5)
  expect(rest.losses).toEqual(whole.losses)
})

test('a batch of training has the mixture’s windows, and the begins that packed documents would have', async () => {
  const mix = mixed()
  const read = mixtureBatches(mix, { batchSize: 4 })
  const packed = documents.map((one) => packDocuments(one))
  for (let step = 0; step < read.steps; step++) {
    const rows = read.at(step)
    const batch = tokenBatch(rows, rows.rows, T)
    for (const [row, { source, start }] of rows.places.entries()) {
      const expected = tokenBatch(packed[source] as TokenSource, [start], T)
      for (const name of ['inputs', 'targets', 'firsts'] as const) {
        const all = (await (batch[name] as Tensor).data()) as Int32Array
        expect([...all.subarray(row * T, (row + 1) * T)]).toEqual([
          ...((await (expected[name] as Tensor).data()) as Int32Array),
        ])
      }
    }
  }
})

test('a window of a shard is a token source of its own, for held-out texts', async () => {
  const shard = shards[0] as TokenShard
  const source: TokenSource = await shard.window(0, shard.tokens)
  const expected = packDocuments(documents[0] as number[][])
  expect(source).toEqual(expected)
  const batches = heldOutBatches(source, { batchSize: 2, contextLength: T })
  expect(batches.length).toBe(Math.floor(Math.floor((shard.tokens - 1) / T) / 2))
})
