import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { BackendError } from '../errors.js'
import { launchCost } from '../schedule/launch-cost.js'
import type { KernelRun } from './kernel-run.js'

/** What an op took in all its launches. */
export interface ProfileRow {
  /** The op or fused op ("matmul"); elementwise kernels carry the name of their last op. */
  readonly op: string
  readonly launches: number
  /** Time spent in it, averaged over the threads. */
  readonly milliseconds: number
  readonly bytes: number
  /** 0 where the op does not say. */
  readonly flops: number
}

export interface Profile {
  readonly backend: string
  readonly threads: number
  /** From the first kernel's begin to the last one's end, in milliseconds. */
  readonly milliseconds: number
  /** Of these, time in which a thread ran no kernel, averaged over the threads. */
  readonly idleMilliseconds: number
  /** Longest first. */
  readonly rows: readonly ProfileRow[]
  readonly runs: readonly KernelRun[]
}

/**
 * Runs `fn` and measures every kernel of a device while it does. The promise that `fn` returns should settle when its
 * results have been read: programs that are still on their way are measured too. Rejects with BackendError where the
 * backend cannot take times.
 */
export async function profile(
  fn: () => Promise<unknown>,
  { device = currentDevice() }: { readonly device?: Device } = {},
): Promise<Profile> {
  const timer = await device.enqueue('profile', async (backend) => {
    const { timer } = backend
    if (timer) {
      timer.start()
      return timer
    }
    throw new BackendError('profile', 'a backend that takes times (wasm)', device.name, 'Profile on wasmDevice().')
  })
  let runs: readonly KernelRun[] = []
  try {
    await fn()
  } finally {
    runs = await device.enqueue('profile', async () => timer.stop())
  }
  return { backend: device.name, threads: timer.threads, ...summary(runs, timer.threads), runs }
}

function summary(runs: readonly KernelRun[], threads: number) {
  const rows = new Map<string, { -readonly [K in keyof ProfileRow]: ProfileRow[K] }>()
  let [first, last, busy] = [Number.POSITIVE_INFINITY, 0, 0]
  // The first kernel of a launch on the first thread stands for the launch.
  let before: KernelRun | null = null
  for (const run of runs) {
    const launch = run.program.launches[run.launch]
    if (!launch) continue
    const op = launch.label.replace(/ \(.*\)$/, '')
    const row = rows.get(op) ?? { op, launches: 0, milliseconds: 0, bytes: 0, flops: 0 }
    rows.set(op, row)
    row.milliseconds += (run.end - run.begin) / threads
    busy += (run.end - run.begin) / threads
    first = Math.min(first, run.begin)
    last = Math.max(last, run.end)
    if (run.thread !== 0) continue
    if (before?.program !== run.program || before.launch !== run.launch) {
      const { bytes, flops } = launchCost(launch)
      row.launches++
      row.bytes += bytes
      row.flops += flops
    }
    before = run
  }
  const milliseconds = runs.length === 0 ? 0 : last - first
  return {
    milliseconds,
    idleMilliseconds: Math.max(0, milliseconds - busy),
    rows: [...rows.values()].sort((a, b) => b.milliseconds - a.milliseconds),
  }
}
