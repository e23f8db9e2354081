// How cost grows: two threads against one; and the training step over T at equal B * T, over the batch and over the layers.
// All sizes of a table are measured in turns, each in a process of its own.
import { USUAL_SIZE } from './measured/training-workload.js'
import type { TrainingSize, WorkloadSpec } from './measured/workload.js'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { ownProcess } from './shared/own-process.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const options = benchOptions()
const rounds = options.rounds ?? 5
const report = startReport('scaling', options)

async function threadsTable(
  work: string,
  specs: readonly (WorkloadSpec & { readonly threads: number })[],
  timeOf: (f: Record<string, number>) => number,
) {
  const children = await Promise.all(
    specs.map(async (spec) => ({ name: `${spec.threads}`, ...(await ownProcess(spec)) })),
  )
  const taken = await inTurns(children, rounds)
  for (const { close } of children) await close()
  const [one, two] = ['1', '2'].map((threads) => timeOf(taken.of(threads))) as [number, number]
  report.row('Two threads against one', {
    work,
    oneThreadMs: roundTo(one, 1),
    twoThreadsMs: roundTo(two, 1),
    timesAsFast: roundTo(one / two, 2),
  })
}

async function trainingTable(title: string, name: (size: TrainingSize) => object, sizes: readonly TrainingSize[]) {
  const threads = options.threads?.[0] ?? 2
  const children: { name: string; size: TrainingSize; child: Awaited<ReturnType<typeof ownProcess>> }[] = []
  for (const size of sizes) {
    children.push({ name: JSON.stringify(size), size, child: await ownProcess({ kind: 'training', threads, ...size }) })
  }
  const taken = await inTurns(
    children.map(({ name, child }) => ({ name, turn: child.turn })),
    rounds,
  )
  for (const { name: label, size, child } of children) {
    const milliseconds = 1000 * (taken.of(label)['seconds'] as number)
    const facts = await child.facts()
    await child.close()
    const share = (facts['attentionMs'] as number) / (facts['profiledMs'] as number)
    const perToken = (ms: number) => roundTo((1000 * ms) / (size.batch * size.time), 1)
    report.row(title, {
      ...name(size),
      ms: roundTo(milliseconds, 1),
      attentionMs: roundTo(milliseconds * share, 1),
      restMs: roundTo(milliseconds * (1 - share), 1),
      microsecondsAToken: perToken(milliseconds),
      attentionAToken: perToken(milliseconds * share),
      restAToken: perToken(milliseconds * (1 - share)),
    })
  }
}

const onThreads = <S>(spec: S) => [1, 2].map((threads) => ({ ...spec, threads }))
await threadsTable(
  'product of 1024 x 1024',
  onThreads({ kind: 'gemm', size: 1024 } as const),
  ({ gflops }) => (2 * 1024 ** 3) / (gflops as number) / 1e6,
)
await threadsTable(
  'training step, 8 x 256',
  onThreads({ kind: 'training', ...USUAL_SIZE } as const),
  ({ seconds }) => 1000 * (seconds as number),
)

const TOKENS = USUAL_SIZE.batch * USUAL_SIZE.time
await trainingTable(
  'The training step over T, at equal B * T',
  ({ time, batch }) => ({ T: time, B: batch }),
  [128, 256, 512, 1024, 2048].map((time) => ({ ...USUAL_SIZE, time, batch: TOKENS / time })),
)
await trainingTable(
  'The training step over the batch, T = 256',
  ({ batch }) => ({ B: batch }),
  [1, 2, 4, 8, 16].map((batch) => ({ ...USUAL_SIZE, batch })),
)
await trainingTable(
  'The training step over the layers, 8 x 256',
  ({ layers }) => ({ layers }),
  [1, 2, 4, 8, 12].map((layers) => ({ ...USUAL_SIZE, layers })),
)
report.finish()
