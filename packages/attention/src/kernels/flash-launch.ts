import { floatBits, type KernelLaunch, type Shape } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import type { FlashAttributes } from '../flash-attention.js'

/** Query rows of a block: its scores lie as [key][ROWS], so that both they and their transpose feed a tile kernel. */
export const ROWS = 48
/** Keys of a block: with 48 rows their scores take 18 KiB. */
export const KEYS = 96
/** Blocks of rows (or of keys) that a task takes together, so that what it packs of the other side is used often. */
export const BLOCKS = { rows: 4, keys: 2 } as const
/** Tasks that a launch is cut into at least, where it is large enough: what two or more workers share well. */
const LEAST_TASKS = 16
/** Runs of tasks that are dealt out, at most. */
const SLOTS = 64

export type FlashLaunch = KernelLaunch<FlashAttributes>

/** Extents of a launch, from the shapes of q [N, H, D], k [M, KV, D], v [M, KV, Vw] and sequences [S, 3 + P]. */
export function flashExtents({ inputs, attributes }: FlashLaunch, sequencesAt: number) {
  const [q, k, value] = inputs.map(({ view }) => view.shape) as [Shape, Shape, Shape]
  const [queries, heads, channels] = q as [number, number, number]
  const [places, kvHeads] = k as [number, number, number]
  const [sequences, width] = (inputs[sequencesAt]?.view.shape ?? []) as readonly number[] as [number, number]
  return {
    ...{ queries, heads, channels, places, kvHeads, sequences, width },
    valueChannels: attributes.valueChannels,
    /** Elements from a value's row to the next. */
    valueStride: value[2] as number,
    group: kvHeads === 0 ? 0 : heads / kvHeads,
    blockSize: attributes.blockSize,
    sinks: attributes.sinks,
  }
}

export type FlashExtents = ReturnType<typeof flashExtents>

/** What a task covers of a kv head of a sequence: blocks of its queries (of all heads of the group), of its keys, or everything. */
export type TaskOf = 'rows' | 'keys' | 'head'

/** Enough heads to give every worker some: then a task is a head. */
export const hasManyHeads = ({ sequences, kvHeads }: FlashExtents): boolean => sequences * kvHeads >= LEAST_TASKS / 2

/**
 * Blocks that a task takes, and how many runs of tasks are dealt out at most. They depend on shapes alone, as if all sequences
 * were of one length: the true ones are known when the kernel runs.
 */
function cutOf(extents: FlashExtents, of: TaskOf) {
  const { sequences, kvHeads, queries, places, group } = extents
  const side = of === 'rows' ? 'rows' : 'keys'
  const length = sequences === 0 ? 0 : side === 'rows' ? (queries * group) / sequences : places / sequences
  const blocks = Math.ceil(length / (side === 'rows' ? ROWS : KEYS))
  const heads = sequences * kvHeads
  let perTask: number = Math.max(1, Math.min(blocks, BLOCKS[side]))
  while (of !== 'head' && perTask > 1 && heads * Math.ceil(blocks / perTask) < LEAST_TASKS) perTask--
  const parts = Math.max(1, Math.ceil(blocks / perTask))
  perTask = Math.max(1, Math.ceil(blocks / parts))
  return { perTask, slots: heads === 0 || queries === 0 ? 0 : SLOTS }
}

const padded = (channels: number): number => Math.ceil(channels / 8) * 8

const NAMES = [
  'queries',
  'heads',
  'channels',
  'padded',
  'valueChannels',
  'valuePadded',
  'valueStride',
  'places',
  'kvHeads',
  'group',
  'sequences',
  'width',
  'blockSize',
  'sinks',
  'perTask',
  'slots',
  'floats',
] as const

export type FlashParams = { readonly [N in (typeof NAMES)[number]]: v.Value } & {
  readonly scale: v.Value
  readonly softcap: v.Value
}

/** How launches of some kernel are cut up: the values of its parameters, and its scratch memory. */
export function flashCut(of: TaskOf, layout: ScratchLayout, sequencesAt: number) {
  return {
    params(launch: FlashLaunch): number[] {
      const extents = flashExtents(launch, sequencesAt)
      const widths = { padded: padded(extents.channels), valuePadded: padded(extents.valueChannels) }
      const cut = { ...extents, ...widths, ...cutOf(extents, of), floats: layout.floats(widths) }
      const { scale, softcap } = launch.attributes
      return [...NAMES.map((name) => cut[name]), floatBits(scale), floatBits(softcap)]
    },
    /** Every worker has scratch memory of its own, which stays in its caches from task to task. */
    workspace(launch: FlashLaunch, workers: number): number {
      const extents = flashExtents(launch, sequencesAt)
      const widths = { padded: padded(extents.channels), valuePadded: padded(extents.valueChannels) }
      return 4 * (cutOf(extents, of).slots === 0 ? 0 : workers) * layout.floats(widths)
    },
  }
}

/** Declares the parameters of `flashCut`; `padded` and `valuePadded` are numbers of channels rounded up to 8. */
export function declareFlashParams(k: v.KernelBuilder): FlashParams {
  const sizes = Object.fromEntries(NAMES.map((name) => [name, k.param(name)])) as Record<
    (typeof NAMES)[number],
    v.Value
  >
  return { ...sizes, scale: k.paramF32('scale'), softcap: k.paramF32('softcap') }
}

/** Extent of a piece of scratch memory: so many floats, so many times the padded channels of keys, and of values. */
export interface Piece {
  readonly floats?: number
  readonly channels?: number
  readonly values?: number
}

interface Widths<T> {
  readonly padded: T
  readonly valuePadded: T
}

export interface ScratchLayout<Name extends string = string> {
  floats(widths: Widths<number>): number
  /** Places of the pieces of the scratch memory that starts at `base`, in floats. */
  places(k: v.KernelBuilder, base: v.Value, widths: Widths<v.Value>): Record<Name, v.Value>
}

/** Pieces one after the other. Extents in floats should be multiples of 16, a cache line. */
export function scratchLayout<Name extends string>(pieces: Readonly<Record<Name, Piece>>): ScratchLayout<Name> {
  const list = Object.entries<Piece>(pieces)
  return {
    floats: ({ padded: keyWidth, valuePadded }) =>
      list.reduce(
        (sum, [, { floats = 0, channels = 0, values = 0 }]) =>
          sum + floats + channels * keyWidth + values * valuePadded,
        0,
      ),
    places(k, base, { padded: keyWidth, valuePadded }) {
      let place = base
      return Object.fromEntries(
        list.map(([name, { floats = 0, channels = 0, values = 0 }]) => {
          const at = k.let(place, name)
          place = v.add(v.add(v.add(at, v.mul(keyWidth, channels)), v.mul(valuePadded, values)), v.i32(floats))
          return [name, at]
        }),
      ) as Record<Name, v.Value>
    },
  }
}
