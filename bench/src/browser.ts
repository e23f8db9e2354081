// The same workloads in a page of headless Chromium and in Node, in turns: products, the training step and decoding. The page
// is cross-origin isolated and runs them in a worker.
import { isolatedPage } from './browser/isolated-page.js'
import { USUAL_SIZE } from './measured/training-workload.js'
import type { WorkloadSpec } from './measured/workload.js'
import { benchOptions } from './shared/bench-options.js'
import { inTurns } from './shared/in-turns.js'
import { ownProcess } from './shared/own-process.js'
import { startReport } from './shared/report.js'
import { roundTo } from './shared/round-to.js'

const options = benchOptions()
const report = startReport('browser', options)

/** What is compared: figures where more is better. */
const CASES: readonly { name: string; spec: WorkloadSpec }[] = [
  ...(options.sizes ?? [512, 1024, 2048]).flatMap((size) =>
    (options.threads ?? [1, 2]).map((threads) => ({
      name: `product ${size}, ${threads} thread${threads === 1 ? '' : 's'}`,
      spec: { kind: 'gemm', threads, size } as const,
    })),
  ),
  { name: 'training step, 2 threads', spec: { kind: 'training', threads: 2, ...USUAL_SIZE } },
  ...['bf16', 'q8_0'].map((format) => ({
    name: `SmolLM2-135M ${format}, 2 threads`,
    spec: { kind: 'decoding', threads: 2, model: 'SmolLM2-135M', format } as const,
  })),
]
const UNITS = {
  gflops: 'GFLOP/s',
  probe: 'GFLOP/s in registers',
  tokensPerSecond: 'tokens/s trained',
  prefill: 'tokens/s prefill',
  decode: 'tokens/s decode',
} as const

const page = await isolatedPage()
report.version('Chromium', `${page.browser}, crossOriginIsolated, ${page.processors} processors`)
try {
  for (const { name, spec } of CASES) {
    if (!name.includes(options.only)) continue
    const node = await ownProcess(spec)
    await page.ask({ prepare: spec })
    const rounds = await inTurns(
      [
        { name: 'Node', turn: node.turn },
        { name: 'page', turn: () => page.ask({ ask: 'turn' }) },
      ],
      options.rounds ?? 7,
    )
    if (spec.kind === 'gemm') {
      for (const [where, { firstMs, secondMs, fifthMs, warmMs }] of [
        ['Node', await node.facts()],
        ['page', await page.ask({ ask: 'facts' })],
      ] as const) {
        const ms = (value: number | undefined) => roundTo(value as number, 2)
        report.row('First products after compiling, in milliseconds', {
          work: name,
          where,
          first: ms(firstMs),
          second: ms(secondMs),
          fifth: ms(fifthMs),
          warm: ms(warmMs),
        })
      }
    }
    await page.ask({ ask: 'close' })
    await node.close()
    for (const [figure, unit] of Object.entries(UNITS)) {
      const [inNode, inPage] = [rounds.of('Node')[figure], rounds.of('page')[figure]]
      if (inNode === undefined || inPage === undefined) continue
      report.row('A page beside Node', {
        work: name,
        unit,
        node: roundTo(inNode, 1),
        page: roundTo(inPage, 1),
        pageToNode: roundTo(rounds.ratio(figure, 'page', 'Node'), 3),
      })
    }
  }
} finally {
  await page.close()
}
report.finish()
