// The training step of a Llama of 5.8M parameters (vocabulary 4096, C 256, 6 layers, 8 heads, ffn 688, tied head; batch
// 8 x 256, float32, AdamW) in turns with PyTorch on the same work when --peers is given. Each is a process of its own.
// --backend webgpu runs ours on a GPU; PyTorch stays on the CPU (bench -- webgpu compares on the GPU).
import { USUAL_SIZE } from './measured/training-workload.js'
import type { Figures } from './measured/workload.js'
import { PeerError } from './shared/bench-error.js'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { ownProcess } from './shared/own-process.js'
import { PYTORCH_SETUPS, startPyTorch } from './shared/pytorch-peer.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const TOKENS = USUAL_SIZE.batch * USUAL_SIZE.time

interface Trainer {
  readonly name: string
  turn(): Promise<Figures>
  memory(): Promise<Figures>
  close(): Promise<void>
}

const options = benchOptions()
const { backend } = options
const OURS = `almanac ${backend}`
const report = startReport('train', options)

async function peers(threads: number): Promise<Trainer[]> {
  const trainers: Trainer[] = []
  for (const setup of PYTORCH_SETUPS) {
    try {
      const process = await startPyTorch(setup, threads)
      if (setup.remark) report.note(setup.remark)
      report.version(setup.name, `${process.hello['version']}, OpenBLAS kernel ${process.hello['core']}`)
      const turn = async () => (await process.ask({ train: true })) as Figures
      await turn()
      const memory = async () => (await process.ask({ ask: 'memory' })) as Figures
      trainers.push({ name: setup.name, turn, memory, close: () => process.close() })
    } catch (error) {
      if (!(error instanceof PeerError)) throw error
      report.note(error.message)
    }
  }
  return trainers
}

for (const threads of options.threads ?? (backend === 'webgpu' ? [1] : [1, 2])) {
  const ours = await ownProcess({ kind: 'training', threads, backend, ...USUAL_SIZE })
  const trainers: Trainer[] = [{ name: OURS, ...ours }, ...(options.peers ? await peers(threads) : [])]
  const rounds = await inTurns(trainers, options.rounds ?? 7)
  const seconds = (name: string) => rounds.of(name)['seconds'] as number
  for (const { name, memory, close } of trainers) {
    // Before the profiled step of the facts, which needs more.
    const { addedMiB } = await memory()
    const facts = name === OURS ? await ours.facts() : null
    await close()
    report.row(
      backend === 'webgpu'
        ? 'Training step on webgpu'
        : `Training step on ${threads} thread${threads === 1 ? '' : 's'}`,
      {
        system: name,
        threads,
        seconds: roundTo(seconds(name), 4),
        tokensPerSecond: Math.round(TOKENS / seconds(name)),
        peakMiBAfterImport: Math.round(addedMiB as number),
        ...(facts
          ? { temporariesMiB: Math.round(facts['temporariesMiB'] as number), loss: roundTo(facts['loss'] as number, 4) }
          : { oursToTheirs: roundTo(rounds.ratio('seconds', name, OURS), 3) }),
      },
    )
  }
}
report.finish()
