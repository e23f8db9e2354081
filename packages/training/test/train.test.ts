import { cpuDevice, crossEntropy, type Device, setDefaultDevice, tensor, wasmDevice } from '@almanac/tensor-core'
import { stateDict } from '@almanac/tensor-core/nn'
import { AdamW } from '@almanac/tensor-core/optim'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CheckpointStorage,
  cosineSchedule,
  evaluator,
  heldOutBatches,
  memoryStorage,
  NonFiniteLossError,
  type ProgressEvent,
  type TokenBatch,
  type TrainOptions,
  tokenBatches,
  train,
} from '../src/index.js'
import { tinySetup, tinyText } from './tiny-language-model.js'

const devices: [string, () => Device][] = [
  ['cpu', () => cpuDevice()],
  ['wasm, one thread', () => wasmDevice({ threads: 1 })],
  ['wasm, two threads', () => wasmDevice({ threads: 2 })],
]

const STEPS = 12

function run(storage: CheckpointStorage | null, extra: Partial<TrainOptions<TokenBatch>> = {}) {
  const setup = tinySetup()
  const options: TrainOptions<TokenBatch> = {
    ...setup,
    batches: tokenBatches(tinyText, { batchSize: 2, contextLength: 8, seed: 3 }),
    steps: STEPS,
    schedule: cosineSchedule({ peak: 1e-2, steps: STEPS, warmup: 2 }),
    clipNorm: 1,
    tokensPerStep: 16,
    ...(storage ? { checkpoint: { storage, every: 4, config: { batchSize: 2 } } } : {}),
    ...extra,
  }
  return { ...setup, result: train(options) }
}

describe.each(devices)('train on %s', (_, makeDevice) => {
  let device: Device
  beforeAll(() => {
    device = makeDevice()
    setDefaultDevice(device)
  })
  afterAll(() => device.close())

  it('gives the same losses and parameters, bit for bit, whether or not it was stopped on the way', async () => {
    const whole = run(null)
    const { losses } = await whole.result
    expect(losses).toHaveLength(STEPS)
    expect(losses.at(-1)).toBeLessThan(losses[0] as number)

    const storage = memoryStorage()
    const controller = new AbortController()
    const first = run(storage, {
      signal: controller.signal,
      onProgress: (event) => event.type === 'step' && event.step === 5 && controller.abort(),
    })
    await expect(first.result).rejects.toThrow('train, step 5: aborted')
    const second = run(storage)
    const resumed = await second.result
    expect(resumed.resumedFrom).toBe(5)
    expect([...resumed.losses]).toEqual([...losses])

    const [a, b] = [await stateDict(whole.model), await stateDict(second.model)]
    for (const [name, value] of a) {
      expect(await b.get(name)?.bytes(), name).toEqual(await value.bytes())
    }
  })
})

describe('activation checkpointing in train', () => {
  it('gives the same losses, bit for bit, with tensors pushed to residuals', async () => {
    setDefaultDevice(cpuDevice())
    const setup = tinySetup()
    const loss: TrainOptions<TokenBatch>['loss'] = ({ inputs, targets }, residuals) =>
      crossEntropy(setup.model.forward(inputs, residuals), targets)
    const [plain, checkpointed] = [await run(null).result, await run(null, { ...setup, loss }).result]
    expect(checkpointed.losses).toEqual(plain.losses)
  })
})

describe('train', () => {
  beforeAll(() => {
    setDefaultDevice(cpuDevice())
  })

  it('tells about updates, evaluations and checkpoints', async () => {
    const events: ProgressEvent[] = []
    const setup = tinySetup()
    const result = await train({
      ...setup,
      batches: tokenBatches(tinyText, { batchSize: 2, contextLength: 8 }),
      steps: 4,
      tokensPerStep: 16,
      schedule: (step) => (step + 1) / 1000,
      evaluation: {
        every: 2,
        run: evaluator({
          loss: setup.loss,
          batches: heldOutBatches(tinyText, { batchSize: 2, contextLength: 8, count: 2 }),
        }),
      },
      checkpoint: { storage: memoryStorage(), every: 3, name: 'here' },
      onProgress: (event) => events.push(event),
    })
    expect(events.map((event) => `${event.type} ${event.step}`)).toEqual([
      'step 1',
      'step 2',
      'evaluation 2',
      'step 3',
      'checkpoint 3',
      'step 4',
      'evaluation 4',
      'checkpoint 4',
    ])
    const [first] = events
    expect(first).toMatchObject({ steps: 4, learningRate: 0.001 })
    // Before any training a byte model knows nothing: ln 256 nats.
    expect(result.losses[0]).toBeCloseTo(Math.log(256), 0)
    const [evaluation] = result.evaluations
    expect(evaluation?.bitsPerByte).toBeCloseTo((evaluation?.nats as number) / Math.LN2, 12)
  })

  it('compiles one program for all learning rates', async () => {
    const rates: number[] = []
    const { optimizer, result } = run(null, { schedule: (step) => 1 / (step + 100), steps: 10 })
    await result
    rates.push(await optimizer.learningRate.value.item())
    expect(rates[0]).toBeCloseTo(1 / 109, 6)
  })

  it('goes on with more steps, and returns at once when there are none left', async () => {
    const storage = memoryStorage()
    await run(storage, { steps: 4, schedule: () => 0.01 }).result
    const longer = await run(storage, { steps: 6, schedule: () => 0.01 }).result
    expect([longer.resumedFrom, longer.step]).toEqual([4, 6])
    const again = await run(storage, { steps: 6, schedule: () => 0.01 }).result
    expect([again.resumedFrom, again.step]).toEqual([6, 6])
    expect([...again.losses]).toEqual([...longer.losses])
    await expect(run(storage, { steps: 5 }).result).rejects.toThrow(
      'train, resuming from checkpoint.safetensors: expected a checkpoint of at most 5 steps, got one of 6.',
    )
  })

  it('refuses to go on with other settings, naming them, and begins anew on request', async () => {
    const storage = memoryStorage()
    await run(storage, { steps: 4 }).result
    const other = { storage, every: 4, config: { batchSize: 8 } }
    await expect(run(storage, { checkpoint: other }).result).rejects.toThrow(
      'train, resuming from checkpoint.safetensors: expected the settings it was written with, got others (saved -> now): batchSize: 2 -> 8.',
    )
    const fresh = await run(storage, { checkpoint: { ...other, resume: false }, steps: 4 }).result
    expect(fresh.resumedFrom).toBe(0)
  })

  it('stops at a loss that is not finite and leaves the last good checkpoint', async () => {
    const storage = memoryStorage()
    const { batches } = { batches: tokenBatches(tinyText, { batchSize: 2, contextLength: 8, seed: 3 }) }
    const setup = tinySetup()
    const scaled = (step: number) => ({ batch: batches(step), scale: tensor(step === 6 ? Number.NaN : 1) })
    const failed = train({
      ...setup,
      loss: ({ batch, scale }: ReturnType<typeof scaled>) => setup.loss(batch).mul(scale),
      batches: scaled,
      steps: STEPS,
      checkpoint: { storage, every: 4 },
    })
    const error = await failed.catch((e: unknown) => e)
    expect(error).toBeInstanceOf(NonFiniteLossError)
    expect((error as NonFiniteLossError).message).toBe(
      'train, step 6: expected a finite loss, got NaN. The checkpoint of step 4 is whole; go on from it. A lower learning rate, a longer warm-up or clipNorm: 1 usually helps.',
    )
    expect((error as NonFiniteLossError).step).toBe(6)
    const next = tinySetup()
    const resumed = await train({ ...next, batches, steps: 8, checkpoint: { storage, every: 4 } })
    expect(resumed.resumedFrom).toBe(4)
    expect([...resumed.losses].every(Number.isFinite)).toBe(true)
  })

  it('stops at a gradient that is not finite before a checkpoint holds what it did', async () => {
    const storage = memoryStorage()
    const setup = tinySetup()
    const batches = tokenBatches(tinyText, { batchSize: 1, contextLength: 4 })
    // The square root of 0: a loss of finite value with an infinite gradient.
    const loss = (batch: TokenBatch) => setup.loss(batch).add(setup.model.head.weight.value.mul(0).abs().sqrt().sum())
    await expect(train({ ...setup, loss, batches, steps: 3, checkpoint: { storage, every: 1 } })).rejects.toThrow(
      /train, step 0: expected a finite gradient norm, got (NaN|Infinity). No checkpoint was written./,
    )
    expect(await storage.list()).toEqual([])
  })

  it('refuses an optimiser that a checkpoint was not made with', async () => {
    const storage = memoryStorage()
    await run(storage, { steps: 4 }).result
    const setup = tinySetup()
    setup.model.embedding.freeze()
    const frozen = { ...setup, optimizer: new AdamW(setup.model) }
    await expect(
      train({
        ...frozen,
        batches: tokenBatches(tinyText, { batchSize: 2, contextLength: 8 }),
        steps: 8,
        checkpoint: { storage, every: 4, config: { batchSize: 2 } },
      }),
    ).rejects.toThrow(
      'unexpected: optimizer.m.embedding.weight, optimizer.v.embedding.weight. Build model and optimiser',
    )
  })

  it('refuses counts that are no counts', async () => {
    await expect(run(null, { steps: 0 }).result).rejects.toThrow('train: expected steps, a whole number from 1, got 0.')
    await expect(run(null, { clipNorm: 0 }).result).rejects.toThrow('train: expected clipNorm above 0, got 0.')
  })
})
