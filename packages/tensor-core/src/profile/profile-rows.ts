import { launchCost } from '../schedule/launch-cost.js'
import type { Launch } from '../schedule/program.js'
import type { KernelRun } from './kernel-run.js'

/**
 * What the rows of a profile stand for: an op or fused op ("matmul"), a module ("layers.*.mlp.up", numbered modules
 * together), or a kernel, of which an op may run several.
 */
export type ProfileGrouping = 'op' | 'module' | 'kernel'

/** What one op, module or kernel took in all its launches. */
export interface ProfileRow {
  /** Elementwise kernels carry the name of their last op; what runs in no module is "(no module)". */
  readonly name: string
  readonly launches: number
  /** Time spent in it, averaged over the threads. */
  readonly milliseconds: number
  readonly bytes: number
  /** 0 where the op does not say. */
  readonly flops: number
}

/** "matmul (layers.0.mlp.up)": the op, and the module that asked for it. Kernels made for one launch end with its label. */
const LABEL = /^(.*?)(?: \((.*)\))?$/s

/**
 * The runs of a profile in rows, longest first. By kernel, the bytes and FLOPs of a launch that runs several count for the
 * one that takes longest: the others prepare its operands or gather its results.
 */
export function profileRows(
  { runs, threads }: { readonly runs: readonly KernelRun[]; readonly threads: number },
  by: ProfileGrouping = 'op',
): readonly ProfileRow[] {
  const rows = new Map<string, { -readonly [K in keyof ProfileRow]: ProfileRow[K] }>()
  const rowOf = (name: string) => {
    const row = rows.get(name) ?? { name, launches: 0, milliseconds: 0, bytes: 0, flops: 0 }
    rows.set(name, row)
    return row
  }
  for (const run of runs) {
    const launch = run.program.launches[run.launch]
    if (launch) rowOf(nameOf(launch, run.kernel, by)).milliseconds += (run.end - run.begin) / threads
  }
  for (const { launch, kernels } of launchesOf(runs)) {
    const names = new Set(kernels.map((kernel) => nameOf(launch, kernel, by)))
    const sharing = [...names].map(rowOf).sort((a, b) => b.milliseconds - a.milliseconds)
    for (const row of sharing) row.launches++
    const { bytes, flops } = launchCost(launch)
    const main = sharing[0] as (typeof sharing)[number]
    main.bytes += bytes
    main.flops += flops
  }
  return [...rows.values()].sort((a, b) => b.milliseconds - a.milliseconds)
}

function nameOf({ label }: Launch, kernel: string, by: ProfileGrouping): string {
  const [, op = '', path = ''] = LABEL.exec(by === 'kernel' ? kernel : label) ?? []
  if (by !== 'module') return op
  return path === '' ? '(no module)' : path.replace(/(^|\.)\d+(?=\.|,|$)/g, '$1*')
}

/** The launches behind the runs of the first thread, each with its kernels. */
function launchesOf(runs: readonly KernelRun[]): { launch: Launch; kernels: string[] }[] {
  const launches: { launch: Launch; kernels: string[] }[] = []
  let before: KernelRun | null = null
  for (const run of runs) {
    const launch = run.program.launches[run.launch]
    if (!launch || run.thread !== 0) continue
    if (before?.program !== run.program || before.launch !== run.launch) launches.push({ launch, kernels: [] })
    launches.at(-1)?.kernels.push(run.kernel)
    before = run
  }
  return launches
}
