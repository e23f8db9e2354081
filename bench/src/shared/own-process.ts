import { fileURLToPath } from 'node:url'
import type { Figures, WorkloadSpec } from '../measured/workload.js'
import { startLineProcess } from './line-process.js'

const SCRIPT = fileURLToPath(new URL('processes/workload.js', import.meta.url))

/** One of our workloads in a process of its own, which nothing ran in before. */
export interface OwnProcess {
  turn(): Promise<Figures>
  facts(): Promise<Figures>
  /** MiB: the peak beyond what the process held after its imports, and the whole peak. */
  memory(): Promise<Figures>
  close(): Promise<void>
}

/** @param node the Node that runs it */
export async function ownProcess(spec: WorkloadSpec, node = process.execPath): Promise<OwnProcess> {
  const child = await startLineProcess(node, ['--expose-gc', SCRIPT])
  await child.ask({ prepare: spec })
  const ask = async (what: string) => (await child.ask({ ask: what })) as Figures
  return {
    turn: () => ask('turn'),
    facts: () => ask('facts'),
    memory: () => ask('memory'),
    close: () => child.close(),
  }
}
