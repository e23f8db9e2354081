import { Llama } from '@almanac/language-model'
import { compile, crossEntropy, grad, key, memory, profile, type Tensor, tensor } from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { type BenchBackend, openDevice } from './open-device.js'
import type { TrainingSize, TrainingWidth, Workload } from './workload.js'

const USUAL_WIDTH: TrainingWidth = { vocabSize: 4096, hiddenSize: 256, intermediateSize: 688, heads: 8 }
/** The size that everything is compared at: 5.8M parameters. */
export const USUAL_SIZE: TrainingSize = { batch: 8, time: 256, layers: 6 }

/**
 * The training step of a Llama (vocabulary 4096, C 256, 8 heads, ffn 688 unless told otherwise; tied head; float32, AdamW):
 * seconds a step. Facts: MiB of temporaries, the last loss, and on wasm from a profiled step milliseconds in all, in attention
 * and in matrix products.
 */
export async function prepareTraining(
  threads: number,
  { batch, time, layers, width = USUAL_WIDTH }: TrainingSize,
  backend?: BenchBackend,
): Promise<Workload> {
  const device = openDevice(backend, threads)
  const model = new Llama({ ...width, layers, kvHeads: width.heads, maxPositions: time }).init(key(0))
  const optimizer = new AdamW(model, { learningRate: 1e-3 })
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  const random = (seed: number) =>
    tensor(
      Int32Array.from({ length: batch * time }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % width.vocabSize),
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
      const known = { temporariesMiB: arenaBytes / 2 ** 20, loss: lastLoss }
      if (backend === 'webgpu') return known
      const { rows, milliseconds } = await profile(run, { device })
      const partOf = (name: RegExp) =>
        rows.filter((row) => name.test(row.name)).reduce((sum, row) => sum + row.milliseconds, 0)
      return {
        ...known,
        profiledMs: milliseconds,
        attentionMs: partOf(/attention/i),
        matmulMs: partOf(/^matmul/i),
      }
    },
    close: () => device.close(),
  }
}
