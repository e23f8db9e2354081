import {
  compile,
  crossEntropy,
  type Device,
  grad,
  key,
  memory,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { afterEach, expect, test } from 'vitest'
import { Llama } from '../src/index.js'

const [B, T, C] = [4, 64, 32]
/** One residual stream: what goes into a layer. */
const STREAM_BYTES = B * T * C * 4

const devices: Device[] = []
afterEach(async () => {
  for (const device of devices.splice(0)) await device.close()
})

/** Two steps of training on a device of their own. */
async function train(layers: number, checkpointed: boolean) {
  const device = wasmDevice({ threads: 1 })
  devices.push(device)
  const before = setDefaultDevice(device)
  try {
    const model = new Llama({
      vocabSize: 64,
      hiddenSize: C,
      intermediateSize: 88,
      layers,
      heads: 4,
      kvHeads: 2,
      maxPositions: T,
    }).init(key(0))
    const optimizer = new AdamW(model)
    const step = compile((ids: Tensor, targets: Tensor) => {
      const residuals: Tensor[] = []
      const loss = crossEntropy(model.forward(ids, { residuals }), targets)
      optimizer.step(grad(loss, model.parameters(), checkpointed ? { checkpoints: residuals } : {}))
      return loss
    })
    const random = (seed: number) =>
      tensor(
        Int32Array.from({ length: B * T }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % 64),
        { shape: [B, T] },
      )
    const losses: number[] = []
    for (let i = 0; i < 2; i++) losses.push(await (await step(random(1), random(99))).item())
    const weights = await model.model.layers[0]?.mlp.down_proj.weight.value.data()
    const { peakBytes } = await memory(device)
    return { losses, weights, peakBytes }
  } finally {
    setDefaultDevice(before)
  }
}

test('a Llama with checkpoints at its layers trains to the same bits in a fraction of the memory', async () => {
  const [plain, checkpointed, shallower] = [await train(12, false), await train(12, true), await train(11, true)]
  expect(checkpointed.losses).toEqual(plain.losses)
  expect(checkpointed.weights).toEqual(plain.weights)
  // A layer more takes what goes into it and nothing else.
  expect(checkpointed.peakBytes - shallower.peakBytes).toBe(STREAM_BYTES)
  // Without checkpoints each layer holds eight tensors of the stream's size and more: see memory.test.ts.
  expect(checkpointed.peakBytes).toBeLessThan(plain.peakBytes / 4)
})

test('residuals are the streams into each layer and out of the last', () => {
  const model = new Llama({
    vocabSize: 16,
    hiddenSize: 8,
    intermediateSize: 8,
    layers: 3,
    heads: 1,
    kvHeads: 1,
    maxPositions: 4,
  })
  const residuals: Tensor[] = []
  model.forward(tensor([[1, 2, 3]], { dtype: 'int32' }), { residuals })
  expect(residuals.map(({ shape }) => shape)).toEqual(Array(4).fill([1, 3, 8]))
})
