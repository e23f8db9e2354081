import { currentDevice } from '../default-device.js'
import type { Device } from '../device.js'
import { BackendError } from '../errors.js'
import type { KernelRun } from './kernel-run.js'
import { type ProfileRow, profileRows } from './profile-rows.js'

export interface Profile {
  readonly backend: string
  readonly threads: number
  /** From the first kernel's begin to the last one's end, in milliseconds. */
  readonly milliseconds: number
  /** Of these, time in which a thread ran no kernel, averaged over the threads. */
  readonly idleMilliseconds: number
  /** By op, longest first; `profileRows` groups by module or kernel. */
  readonly rows: readonly ProfileRow[]
  readonly runs: readonly KernelRun[]
}

/**
 * Runs `fn` and measures every kernel of a device while it does. The promise that `fn` returns should settle when its
 * results have been read: programs that are still on their way are measured too. On webgpu every kernel is a pass of its
 * own meanwhile, and its times are the GPU's. Rejects with BackendError where the backend cannot take times.
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
    throw new BackendError(
      'profile',
      'a backend that takes times (wasm, or webgpu with timestamp-query)',
      device.name,
      device.name === 'webgpu'
        ? 'This adapter has no timestamp queries: profile on another, or on wasmDevice().'
        : 'Profile on wasmDevice().',
    )
  })
  let runs: readonly KernelRun[] = []
  try {
    await fn()
  } finally {
    runs = await device.enqueue('profile', async () => timer.stop())
  }
  const { threads } = timer
  const [milliseconds, busy] = [
    spanOf(runs),
    runs.reduce((total, { begin, end }) => total + (end - begin) / threads, 0),
  ]
  return {
    backend: device.name,
    threads,
    milliseconds,
    idleMilliseconds: Math.max(0, milliseconds - busy),
    rows: profileRows({ runs, threads }),
    runs,
  }
}

/** From the first begin to the last end. */
function spanOf(runs: readonly KernelRun[]): number {
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const { begin, end } of runs) {
    first = Math.min(first, begin)
    last = Math.max(last, end)
  }
  return runs.length === 0 ? 0 : last - first
}
