import { Llama } from '@almanac/language-model'
import {
  compile,
  crossEntropy,
  grad,
  key,
  memory,
  profile,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import type { TrainingSize, Workload } from './workload.js'

const VOCABULARY = 4096
/** The size that everything is compared at: 5.8M parameters. */
export const USUAL_SIZE: TrainingSize = { batch: 8, time: 256, layers: 6 }

/**
 * The training step of a Llama (vocabulary 4096, C 256, 8 heads, ffn 688, tied head; float32, AdamW): seconds a step. Facts:
 * MiB of temporaries, the last loss, and from a profiled step milliseconds in all, in attention and in matrix products.
 */
export async function prepareTraining(threads: number, { batch, time, layers }: TrainingSize): Promise<Workload> {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const model = new Llama({
    vocabSize: VOCABULARY,
    hiddenSize: 256,
    intermediateSize: 688,
    layers,
    heads: 8,
    kvHeads: 8,
    maxPositions: time,
  }).init(key(0))
  const optimizer = new AdamW(model, { learningRate: 1e-3 })
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  const random = (seed: number) =>
    tensor(
      Int32Array.from({ length: batch * time }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % VOCABULARY),
      { shape: [batch, time] },
    )
  const [x, y] = [random(1), random(77777)]
  let loss = 0
  const run = async () => {
    loss = await (await step(x, y)).item()
  }
  for (let i = 0; i < 2; i++) await run()
  return {
    async turn() {
      const start = performance.now()
      await run()
      const seconds = (performance.now() - start) / 1000
      return { seconds, tokensPerSecond: (batch * time) / seconds }
    },
    async facts() {
      const lastLoss = loss
      const { arenaBytes } = await memory(device)
      const { rows, milliseconds } = await profile(run, { device })
      const partOf = (name: RegExp) =>
        rows.filter((row) => name.test(row.name)).reduce((sum, row) => sum + row.milliseconds, 0)
      return {
        temporariesMiB: arenaBytes / 2 ** 20,
        loss: lastLoss,
        profiledMs: milliseconds,
        attentionMs: partOf(/^causalAttention/),
        matmulMs: partOf(/^matmul/i),
      }
    },
    close: () => device.close(),
  }
}
