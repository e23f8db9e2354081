// What a compiled program costs beside its arithmetic: 1,000 tiny kernels, each needing the one before. Those that stay on
// one thread wake nobody; those that both threads share meet at a barrier before the next, which the facts prove.
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { ownProcess } from './shared/own-process.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const KERNELS = {
  alone: 'running sum of 8 values, one thread each',
  together: 'one addition a thread, shared',
} as const

const options = benchOptions()
const report = startReport('overhead', options)
const children = []
for (const chain of ['alone', 'together'] as const) {
  for (const threads of options.threads ?? [1, 2]) {
    const child = await ownProcess({ kind: 'chain', threads, chain })
    children.push({ name: `${chain} ${threads}`, chain, threads, ...child })
  }
}
const rounds = await inTurns(children, options.rounds ?? 9)
for (const { name, chain, threads, facts, close } of children) {
  const { launches, onAllThreads, early } = await facts()
  await close()
  report.row('A kernel of a compiled program of 1,000', {
    kernels: KERNELS[chain],
    threads,
    microsecondsAKernel: roundTo(rounds.of(name)['microsecondsAKernel'] as number, 3),
    launches: launches as number,
    sharedByThreads: onAllThreads as number,
    beganEarly: early as number,
  })
}
report.finish()
