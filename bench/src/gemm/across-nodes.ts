import type { BenchOptions } from '../shared/bench-options.js'
import { inTurns } from '../shared/in-turns.js'
import { startLineProcess } from '../shared/line-process.js'
import { ownProcess } from '../shared/own-process.js'
import type { Report } from '../shared/report.js'
import { roundTo } from '../shared/round-to.js'

/** Below this share of the probe a kernel is compiled badly, whatever the machine's speed. */
const SUSPICIOUS = 0.6

/** Our products under several Nodes in turns: an engine that compiles a kernel to half its speed is seen by its share. */
export async function gemmAcrossNodes(threads: number, options: BenchOptions, report: Report): Promise<void> {
  const nodes = await Promise.all(
    [...new Set([process.execPath, ...options.nodes])].map(async (file) => {
      const script = 'console.log(JSON.stringify({ version: process.version, v8: process.versions.v8 }))'
      const { hello } = await startLineProcess(file, ['-e', script])
      report.version(`Node ${hello['version']}`, `V8 ${hello['v8']}`)
      return { file, name: `Node ${hello['version']}` }
    }),
  )
  // The Node that runs this may be one of those named.
  const different = nodes.filter(({ name }, i) => nodes.findIndex((other) => other.name === name) === i)
  for (const size of options.sizes ?? [256, 512, 1024, 2048]) {
    const children = await Promise.all(
      different.map(async ({ file, name }) => ({ name, ...(await ownProcess({ kind: 'gemm', threads, size }, file)) })),
    )
    try {
      const rounds = await inTurns(children, options.rounds ?? 7)
      for (const { name } of children) {
        const { gflops, ...figures } = rounds.of(name)
        const share = roundTo(figures['share'] as number, 3)
        const table = 'Our products under several Nodes, as a share of the multiply-add probe'
        report.row(table, { system: name, size, threads, gflops: roundTo(gflops as number, 1), share })
        if (share < SUSPICIOUS) report.note(`${name}, ${threads} threads, size ${size}: only ${share} of the probe`)
      }
    } finally {
      for (const child of children) await child.close()
    }
  }
}
