import type { KernelRun, KernelTimer } from '../../profile/kernel-run.js'
import type { Program } from '../../schedule/program.js'
import { BUFFER_USAGE, MAP_READ } from './gpu-constants.js'
import { kernelTimes, type SubmitStamps } from './kernel-times.js'
import type { Step } from './prepare-program.js'

/** What WebGPU allows a query set. */
const MOST_QUERIES = 4096
const STAMP_BYTES = 8

/** The timestamps of one submit. */
export interface SubmitTimes {
  /** Where the pass of a step writes its own. */
  writes(step: number): GPUComputePassTimestampWrites
  /** Encodes what brings them to the host, after all passes. */
  resolve(encoder: GPUCommandEncoder): void
  /** To be called right before the submit; reads them in the background. */
  submit(run: () => void): void
}

export interface GpuTimer extends KernelTimer {
  /** For a submit of these steps; null while the timer is off. */
  begin(program: Program, steps: readonly Step[]): SubmitTimes | null
  destroy(): void
}

/** Takes the times of kernels by timestamp queries, a compute pass a kernel; undefined where the device has none. */
export function createGpuTimer(device: GPUDevice): GpuTimer | undefined {
  if (!device.features.has('timestamp-query')) return undefined
  let taken: Promise<(SubmitStamps & Taken) | null>[] | null = null
  const held = new Set<{ destroy(): void }>()
  const hold = <T extends { destroy(): void }>(resource: T): T => {
    held.add(resource)
    return resource
  }
  const drop = (resource: { destroy(): void }): void => {
    held.delete(resource)
    resource.destroy()
  }

  const times = (program: Program, steps: readonly Step[], into: typeof taken & object): SubmitTimes => {
    const queries = 2 * steps.length
    const bytes = queries * STAMP_BYTES
    const sets = Array.from({ length: Math.ceil(queries / MOST_QUERIES) }, (_, i) =>
      hold(
        device.createQuerySet({
          label: 'times of kernels',
          type: 'timestamp',
          count: Math.min(MOST_QUERIES, queries - i * MOST_QUERIES),
        }),
      ),
    )
    const buffer = (usage: number): GPUBuffer =>
      hold(device.createBuffer({ label: 'times of kernels', size: bytes, usage }))
    const resolved = buffer(BUFFER_USAGE.queryResolve | BUFFER_USAGE.copySource)
    const staging = buffer(BUFFER_USAGE.mapRead | BUFFER_USAGE.copyDestination)
    const read = async (submitted: number): Promise<SubmitStamps & Taken> => {
      try {
        await staging.mapAsync(MAP_READ)
        const done = now()
        const stamps = new BigUint64Array(staging.getMappedRange().slice(0))
        return { program, steps, stamps, submitted, done }
      } finally {
        for (const resource of [...sets, resolved, staging]) drop(resource)
      }
    }
    return {
      writes: (step) => ({
        querySet: sets[Math.floor((2 * step) / MOST_QUERIES)] as GPUQuerySet,
        beginningOfPassWriteIndex: (2 * step) % MOST_QUERIES,
        endOfPassWriteIndex: ((2 * step) % MOST_QUERIES) + 1,
      }),
      resolve(encoder) {
        sets.forEach((set, i) => {
          encoder.resolveQuerySet(set, 0, set.count, resolved, i * MOST_QUERIES * STAMP_BYTES)
        })
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes)
      },
      submit(run) {
        const submitted = now()
        run()
        // Of a submit that failed there are no times; the run says why.
        into.push(read(submitted).catch(() => null))
      },
    }
  }

  return {
    threads: 1,
    start() {
      taken = []
    },
    async stop() {
      const waiting = taken ?? []
      taken = null
      const submits = (await Promise.all(waiting)).filter((submit) => submit !== null)
      const all = kernelTimes(submits)
      return submits.flatMap(({ program, steps }, i) =>
        steps.map(
          ({ launch, name }, at): KernelRun => ({
            program,
            launch,
            kernel: name,
            thread: 0,
            ...(all[i]?.[at] as { begin: number; end: number }),
          }),
        ),
      )
    },
    begin: (program, steps) => (taken === null || steps.length === 0 ? null : times(program, steps, taken)),
    destroy() {
      for (const resource of [...held]) drop(resource)
    },
  }
}

interface Taken {
  readonly program: Program
  readonly steps: readonly Step[]
}

const now = (): number => performance.timeOrigin + performance.now()
