import { floatBits, type KernelLaunch, type Shape } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'

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

export interface AttentionAttributes {
  readonly scale: number
}

/** Extents of a launch, from the shapes of q [B, T, H, D] and k [B, S, KV, D]. */
export function attentionExtents(q: Shape, k: Shape) {
  const [batch, time, heads, channels] = q as [number, number, number, number]
  const [, keys, kvHeads] = k as [number, number, number, number]
  return { batch, time, heads, channels, keys, kvHeads, group: kvHeads === 0 ? 0 : heads / kvHeads }
}

/** What a task covers of a kv head: blocks of its queries (of all heads of the group), blocks of its keys, or everything. */
export type TaskOf = 'rows' | 'keys' | 'head'

function extentsOf(launch: KernelLaunch<AttentionAttributes>) {
  const [q, k] = launch.inputs.map((input) => input.view.shape) as [Shape, Shape]
  return attentionExtents(q, k)
}

/** Enough heads to give every worker some: then a task is a head. */
export function hasManyHeads(launch: KernelLaunch<AttentionAttributes>): boolean {
  const { batch, kvHeads } = extentsOf(launch)
  return batch * kvHeads >= LEAST_TASKS / 2
}

/** How a launch is cut into tasks. It depends on shapes alone. */
function cutOf(launch: KernelLaunch<AttentionAttributes>, of: TaskOf) {
  const extents = extentsOf(launch)
  const rows = extents.time * extents.group
  const heads = extents.batch * extents.kvHeads
  const side = of === 'rows' ? 'rows' : 'keys'
  const blocks = side === 'rows' ? Math.ceil(rows / ROWS) : Math.ceil(extents.keys / KEYS)
  let perTask: number = Math.min(blocks, BLOCKS[side])
  while (of !== 'head' && perTask > 1 && heads * Math.ceil(blocks / perTask) < LEAST_TASKS) perTask--
  const parts = Math.ceil(blocks / Math.max(1, perTask))
  perTask = Math.ceil(blocks / Math.max(1, parts))
  const total = of === 'head' ? heads : heads * parts
  const perSlot = Math.max(1, Math.ceil(total / SLOTS))
  return { ...extents, rows, parts, perTask, total, perSlot, slots: Math.ceil(total / perSlot) }
}

const padded = (channels: number): number => Math.ceil(channels / 8) * 8

/** Every worker has scratch memory of its own, which stays in its caches from task to task. */
export function attentionWorkspace(
  launch: KernelLaunch<AttentionAttributes>,
  of: TaskOf,
  layout: ScratchLayout,
  workers: number,
): number {
  const { slots, channels } = cutOf(launch, of)
  return 4 * (slots === 0 ? 0 : workers) * layout.floats(padded(channels))
}

const NAMES = [
  'time',
  'heads',
  'channels',
  'padded',
  'keys',
  'kvHeads',
  'group',
  'rows',
  'parts',
  'perTask',
  'total',
  'perSlot',
  'slots',
  'floats',
] as const

export function attentionParams(
  launch: KernelLaunch<AttentionAttributes>,
  of: TaskOf,
  layout: ScratchLayout,
): number[] {
  const sizes = cutOf(launch, of)
  const width = padded(sizes.channels)
  const cut = { ...sizes, padded: width, floats: layout.floats(width) }
  return [...NAMES.map((name) => cut[name]), floatBits(launch.attributes.scale)]
}

export type AttentionParams = { readonly [N in (typeof NAMES)[number]]: v.Value } & { readonly scale: v.Value }

/** Declares the parameters of `attentionParams`; `padded` is the number of channels rounded up to 8. */
export function declareAttentionParams(k: v.KernelBuilder): AttentionParams {
  const sizes = Object.fromEntries(NAMES.map((name) => [name, k.param(name)])) as Record<
    (typeof NAMES)[number],
    v.Value
  >
  return { ...sizes, scale: k.paramF32('scale') }
}

/** Extent of a piece of scratch memory: so many floats, and so many times the padded channels. */
export interface Piece {
  readonly floats?: number
  readonly channels?: number
}

export interface ScratchLayout<Name extends string = string> {
  floats(padded: number): number
  /** Places of the pieces of the scratch memory that starts at `base`, in floats. */
  places(k: v.KernelBuilder, base: v.Value, padded: v.Value): Record<Name, v.Value>
}

/** Pieces one after the other. Extents in floats should be multiples of 16, a cache line. */
export function scratchLayout<Name extends string>(pieces: Readonly<Record<Name, Piece>>): ScratchLayout<Name> {
  const list = Object.entries<Piece>(pieces)
  return {
    floats: (padded) => list.reduce((sum, [, { floats = 0, channels = 0 }]) => sum + floats + channels * padded, 0),
    places(k, base, padded) {
      let place = base
      return Object.fromEntries(
        list.map(([name, { floats = 0, channels = 0 }]) => {
          const at = k.let(place, name)
          place = v.add(v.add(at, v.mul(padded, channels)), v.i32(floats))
          return [name, at]
        }),
      ) as Record<Name, v.Value>
    },
  }
}

export interface Task<Name extends string> {
  readonly batch: v.Value
  readonly kvHead: v.Value
  /** The part of the head's rows or keys. */
  readonly part: v.Value
  readonly places: Record<Name, v.Value>
}

/**
 * The parallel loop over tasks. Parts of a head are taken from both ends in turn, because late queries see more keys than
 * early ones and every worker gets a run of neighbours.
 */
export function forEachTask<Name extends string>(
  k: v.KernelBuilder,
  p: AttentionParams,
  layout: ScratchLayout<Name>,
  of: TaskOf,
  body: (task: Task<Name>) => void,
): void {
  k.parallel(p.slots, (slot) => {
    const places = layout.places(k, k.let(v.mul(v.worker(), p.floats)), p.padded)
    const first = k.let(v.mul(slot, p.perSlot))
    k.for(first, v.min(v.add(first, p.perSlot), p.total), (at) => {
      const parts = of === 'head' ? v.i32(1) : p.parts
      const head = k.let(v.div(at, parts), 'head')
      const turn = k.let(v.sub(at, v.mul(head, parts)))
      const half = k.let(v.shr(turn, 1))
      const part = k.let(v.select(v.eq(v.and(turn, v.i32(1)), 0), v.sub(v.sub(parts, 1), half), half), 'part')
      const batch = k.let(v.div(head, p.kvHeads), 'batch')
      body({ batch, kvHead: k.let(v.sub(head, v.mul(batch, p.kvHeads)), 'kvHead'), part, places })
    })
  })
}
