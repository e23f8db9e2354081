// What a compiled program costs beside its arithmetic: 1,000 tiny kernels, each needing the one before.
import { parseArgs } from 'node:util'
import { compile, cumsum, key, normal, setDefaultDevice, type Tensor, wasmDevice } from '@almanac/tensor-core'
import { median } from './shared/median.js'
import { writeResult } from './shared/write-result.js'

const KERNELS = 1000
/** Of 8 values each kernel stays on one thread; of this many, two threads share it. */
const [TINY, SHARED] = [8, 8192]

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    threads: { type: 'string', multiple: true, default: ['1', '2'] },
    rounds: { type: 'string', default: '15' },
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

const rows: Record<string, string | number>[] = []
for (const threads of values.threads.map(Number)) {
  const device = wasmDevice({ threads })
  setDefaultDevice(device)
  for (const size of [TINY, SHARED]) {
    // Running sums are kernels of their own: nothing fuses them.
    const chain = compile((x: Tensor) => {
      let y = x
      for (let i = 0; i < KERNELS; i++) y = cumsum(y, 1)
      return y.slice([[0, 1]]).sum()
    })
    const x = await normal(key(1), [Math.max(1, size / 64), Math.min(size, 64)]).realize()
    const times: number[] = []
    for (let round = -3; round < Number(values.rounds); round++) {
      const start = performance.now()
      await (await chain(x)).item()
      if (round >= 0) times.push(performance.now() - start)
    }
    const row = {
      bench: 'overhead',
      system: 'almanac wasm',
      values: size,
      threads,
      microsecondsAKernel: Number(((median(times) * 1000) / KERNELS).toFixed(3)),
    }
    rows.push(row)
    if (values.json) console.log(JSON.stringify(row))
  }
  await device.close()
}
if (!values.json) console.table(rows)
writeResult('overhead', rows)
