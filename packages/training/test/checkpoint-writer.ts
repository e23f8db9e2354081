// Writes one checkpoint after the other until it is killed: every value of number n is n. For checkpoint-writes.test.ts.
import { cpuDevice, State, setDefaultDevice, tensor } from '@almanac/tensor-core'
import { fileStorage, writeCheckpoint } from '../src/index.js'

const [folder] = process.argv.slice(2) as [string]
setDefaultDevice(cpuDevice())
const storage = await fileStorage(folder)
const VALUES = 2 ** 18
const states = new Map(['a', 'b', 'c', 'd'].map((name) => [name, new State(tensor(new Float32Array(VALUES)))]))
for (let step = 1; ; step++) {
  for (const state of states.values()) state.assign(tensor(new Float32Array(VALUES).fill(step)))
  const losses = new Float32Array(step).fill(step)
  await writeCheckpoint(storage, 'checkpoint.safetensors', states, { step, losses, evaluations: [], config: null })
  process.stdout.write(`${step}\n`)
}
