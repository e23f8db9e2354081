import { type Figures, prepareWorkload, type Workload, type WorkloadSpec } from './workload.js'

/** What the other side of a pipe or of a page asks for. */
export type Request =
  | { readonly prepare: WorkloadSpec }
  | { readonly ask: 'turn' }
  | { readonly ask: 'facts' }
  | { readonly ask: 'close' }

/** One workload at a time, driven by requests: the same in a process of Node and in a page's worker. */
export function answerRequests(): (request: Request) => Promise<Figures> {
  let workload: Workload | null = null
  return async (request) => {
    if ('prepare' in request) {
      await workload?.close()
      workload = await prepareWorkload(request.prepare)
      return {}
    }
    if (!workload) throw new Error(`bench: expected "prepare" first, got "${request.ask}". Prepare a workload.`)
    if (request.ask === 'turn') return workload.turn()
    if (request.ask === 'facts') return (await workload.facts?.()) ?? {}
    await workload.close()
    workload = null
    return {}
  }
}
