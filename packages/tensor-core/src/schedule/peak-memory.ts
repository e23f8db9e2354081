import { byteLengthOf, type DType } from '../dtype.js'
import type { Lifetime } from './lifetimes.js'
import type { Program, Slot } from './program.js'

/** Where a program holds the most temporaries. */
export interface PeakMemory {
  /** Bytes of the temporaries alive during `launch`, its workspace included. */
  readonly bytes: number
  /** Index of the launch; -1 for a program without launches. */
  readonly launch: number
  /** Indices of the temporary slots alive then, the largest first. */
  readonly slots: readonly number[]
}

export interface PeakOptions {
  /** Bytes of a value as the backend stores it; default: the dtype's own layout. */
  readonly bytesOf?: (dtype: DType, size: number) => number
  /** Scratch memory that a launch takes beside its slots. */
  readonly workspaceOf?: (launch: number) => number
}

/** The launch of a program at which the most bytes of temporaries are alive, and which they are: what no packing can go below. */
export function peakMemory(
  { slots, launches }: Pick<Program, 'slots' | 'launches'>,
  { bytesOf = byteLengthOf, workspaceOf = () => 0 }: PeakOptions = {},
): PeakMemory {
  const temporaries = [...slots.entries()].filter(([, { role }]) => role === 'temporary')
  const held = new Map(temporaries.map(([index, { dtype, size }]) => [index, bytesOf(dtype, size)]))
  const alive = aliveBytes(
    temporaries.map(([index, { first, last }]) => ({ first, last, bytes: held.get(index) as number })),
    launches.length,
  ).map((bytes, launch) => bytes + workspaceOf(launch))
  const bytes = largest(alive)
  const launch = alive.indexOf(bytes)
  const atPeak = ([, { first, last }]: [number, Slot]): boolean => first <= launch && launch <= last
  const indices = temporaries.filter(atPeak).map(([index]) => index)
  return { bytes, launch, slots: indices.sort((a, b) => (held.get(b) as number) - (held.get(a) as number) || a - b) }
}

/** The most bytes that are alive at one of so many launches. */
export function peakOf(intervals: readonly (Lifetime & { readonly bytes: number })[], launches: number): number {
  return largest(aliveBytes(intervals, launches))
}

function aliveBytes(intervals: readonly (Lifetime & { readonly bytes: number })[], launches: number): number[] {
  const change = new Array<number>(launches + 1).fill(0)
  for (const { first, last, bytes } of intervals) {
    change[first] = (change[first] as number) + bytes
    change[last + 1] = (change[last + 1] as number) - bytes
  }
  let alive = 0
  return change.slice(0, launches).map((bytes) => {
    alive += bytes
    return alive
  })
}

const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), 0)
