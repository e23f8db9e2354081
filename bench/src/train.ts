// The training step of a Llama of 5.8M parameters (vocabulary 4096, C 256, 6 layers, 8 heads, ffn 688, tied head; batch
// 8 x 256, float32, AdamW), beside PyTorch on exactly the same work when --peers is given. Rounds are interleaved.
import { parseArgs } from 'node:util'
import { Llama } from '@almanac/language-model'
import {
  compile,
  crossEntropy,
  grad,
  key,
  memory,
  setDefaultDevice,
  type Tensor,
  tensor,
  wasmDevice,
} from '@almanac/tensor-core'
import { AdamW } from '@almanac/tensor-core/optim'
import { median } from './shared/median.js'
import { runPyTorch } from './shared/pytorch-peer.js'
import { writeResult } from './shared/write-result.js'

const [BATCH, TIME, VOCABULARY] = [8, 256, 4096]

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    threads: { type: 'string', multiple: true, default: ['1', '2'] },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

/** One measured configuration of ours: seconds of a step, after two to warm up. */
async function prepare(threads: number) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const model = new Llama({
    vocabSize: VOCABULARY,
    hiddenSize: 256,
    intermediateSize: 688,
    layers: 6,
    heads: 8,
    kvHeads: 8,
    maxPositions: TIME,
  }).init(key(0))
  const optimizer = new AdamW(model, { learningRate: 1e-3 })
  const step = compile((x: Tensor, y: Tensor) => {
    const loss = crossEntropy(model.forward(x), y)
    optimizer.step(grad(loss, model.parameters()))
    return loss
  })
  const random = (seed: number) =>
    tensor(
      Int32Array.from({ length: BATCH * TIME }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % VOCABULARY),
      { shape: [BATCH, TIME] },
    )
  const [x, y] = [random(1), random(77777)]
  let loss = 0
  const seconds = async () => {
    const start = performance.now()
    loss = await (await step(x, y)).item()
    return (performance.now() - start) / 1000
  }
  for (let i = 0; i < 2; i++) await seconds()
  return {
    threads,
    seconds,
    loss: () => loss,
    arena: async () => (await memory(device)).arenaBytes,
    close: () => device.close(),
  }
}

const rows: Record<string, string | number>[] = []
const emit = (row: Record<string, string | number>) => {
  rows.push(row)
  if (values.json) console.log(JSON.stringify(row))
}

for (const threads of values.threads.map(Number)) {
  const ours = await prepare(threads)
  const times: number[] = []
  const peer: number[] = []
  let peerNote = ''
  for (let round = 0; round < Number(values.rounds); round++) {
    times.push(median([await ours.seconds(), await ours.seconds(), await ours.seconds()]))
    if (!values.peers) continue
    const result = runPyTorch('train', threads, { OMP_NUM_THREADS: `${threads}` })
    if (typeof result === 'string') peerNote = result
    else peer.push(result[0]?.seconds as number)
  }
  const seconds = median(times)
  emit({
    bench: 'train',
    system: 'almanac wasm',
    threads,
    seconds: Number(seconds.toFixed(4)),
    tokensPerSecond: Math.round((BATCH * TIME) / seconds),
    temporariesMiB: Math.round((await ours.arena()) / 2 ** 20),
    loss: Number(ours.loss().toFixed(4)),
  })
  if (peer.length > 0) {
    const peerSeconds = median(peer)
    emit({
      bench: 'train',
      system: 'PyTorch',
      threads,
      seconds: peerSeconds,
      tokensPerSecond: Math.round((BATCH * TIME) / peerSeconds),
      ratio: Number((peerSeconds / seconds).toFixed(3)),
    })
  } else if (values.peers) console.error(`PyTorch: ${peerNote}`)
  await ours.close()
}
if (!values.json) console.table(rows)
writeResult('train', rows)
