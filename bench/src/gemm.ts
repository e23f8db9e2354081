// Square float32 matrix products on the wasm backend as a share of what its multiply-adds reach in registers, measured in
// turns with it; beside PyTorch when --peers is given.
import { parseArgs } from 'node:util'
import { compile, key, matmul, normal, peakProbes, State, setDefaultDevice, wasmDevice } from '@almanac/tensor-core'
import { median } from './shared/median.js'
import { runPyTorch } from './shared/pytorch-peer.js'
import { writeResult } from './shared/write-result.js'

/** Products in one program, so that small ones outweigh the call. */
const SIZES = [
  { size: 256, products: 16 },
  { size: 512, products: 4 },
  { size: 1024, products: 1 },
  { size: 2048, products: 1 },
]

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    threads: { type: 'string', multiple: true, default: ['1', '2'] },
    rounds: { type: 'string', default: '7' },
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const rows: Record<string, string | number>[] = []
const emit = (row: Record<string, string | number>) => {
  rows.push(row)
  if (values.json) console.log(JSON.stringify(row))
}

for (const threads of values.threads.map(Number)) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  const { gigaflops: probe } = await peakProbes(device)
  await probe()
  for (const { size, products } of SIZES) {
    const operand = (seed: number) => new State(normal(key(seed), [size, size]))
    const [a, b] = [operand(1), operand(2)]
    const results = Array.from({ length: products }, () => new State({ shape: [size, size] }))
    const run = compile(() => {
      for (const cell of results) cell.assign(matmul(a, b))
      return (results[0] as State).value.slice([
        [0, 1],
        [0, 1],
      ])
    })
    const [times, peaks]: [number[], number[]] = [[], []]
    for (let round = -1; round < Number(values.rounds); round++) {
      const peak = await probe()
      const start = performance.now()
      await (await run()).data()
      if (round < 0) continue
      times.push((performance.now() - start) / products)
      peaks.push(peak)
    }
    const gflops = (2 * size ** 3) / median(times) / 1e6
    emit({
      bench: 'gemm',
      system: 'almanac wasm',
      size,
      threads,
      gflops: Number(gflops.toFixed(1)),
      probe: Number(median(peaks).toFixed(1)),
      share: Number((gflops / median(peaks)).toFixed(3)),
    })
  }
  await device.close()
  if (!values.peers) continue
  const peer = runPyTorch('gemm', threads, { OMP_NUM_THREADS: `${threads}` })
  if (typeof peer === 'string') console.error(`PyTorch: ${peer}`)
  else
    for (const { size, gflops } of peer)
      emit({ bench: 'gemm', system: 'PyTorch', size: size as number, threads, gflops: gflops as number })
}
if (!values.json) console.table(rows)
writeResult('gemm', rows)
