import { floatBits, type KernelLaunch, type Shape } from '@almanac/tensor-core'
import * as v from '@almanac/tensor-core/kernel'
import { DEPTH, PANEL } from './tile-kernels.js'

/** Units of work that a launch is cut into at most. Each has scratch memory of its own, so it must not be many more. */
const UNITS = 64

/** Floats of scratch that one unit needs: two panels, two score blocks, two sums and eight small vectors. */
const scratchFloats = (channels: number): number => 4 * PANEL * channels + 2 * PANEL * DEPTH + 8 * PANEL

export interface AttentionAttributes {
  readonly scale: number
}

/** Extents of a launch, from the shapes of q [B, T, H, D] and k [B, S, KV, D]. */
export function attentionExtents(q: Shape, k: Shape) {
  const [batch, time, heads, channels] = q as [number, number, number, number]
  const [, keys, kvHeads] = k as [number, number, number, number]
  return { batch, time, heads, channels, keys, kvHeads, group: kvHeads === 0 ? 0 : heads / kvHeads }
}

/** Blocks of PANEL rows of one kv head: of its queries (all heads of the group), or of its keys. */
export type BlocksOf = 'queries' | 'keys'

function unitsOf(launch: KernelLaunch<AttentionAttributes>, of: BlocksOf) {
  const [q, k] = launch.inputs.map((input) => input.view.shape) as [Shape, Shape]
  const extents = attentionExtents(q, k)
  const rows = of === 'keys' ? extents.keys : extents.time * extents.group
  const blocks = Math.ceil(rows / PANEL)
  const total = extents.batch * extents.kvHeads * blocks
  const perUnit = Math.max(1, Math.ceil(total / UNITS))
  return { ...extents, rows, blocks, total, perUnit, units: Math.ceil(total / perUnit) }
}

export function attentionWorkspace(launch: KernelLaunch<AttentionAttributes>, of: BlocksOf): number {
  const { units, channels } = unitsOf(launch, of)
  return 4 * units * scratchFloats(channels)
}

export function attentionParams(launch: KernelLaunch<AttentionAttributes>, of: BlocksOf): number[] {
  const e = unitsOf(launch, of)
  const sizes = [e.time, e.heads, e.channels, e.keys, e.kvHeads, e.group, e.rows, e.blocks, e.total, e.perUnit, e.units]
  return [...sizes, scratchFloats(e.channels), floatBits(launch.attributes.scale)]
}

const NAMES = [
  'time',
  'heads',
  'channels',
  'keys',
  'kvHeads',
  'group',
  'rows',
  'blocks',
  'total',
  'perUnit',
  'units',
  'scratchFloats',
] as const

export type AttentionParams = { readonly [N in (typeof NAMES)[number]]: v.Value } & { readonly scale: v.Value }

/** Declares the parameters of `attentionParams`. */
export function declareAttentionParams(k: v.KernelBuilder): AttentionParams {
  const sizes = Object.fromEntries(NAMES.map((name) => [name, k.param(name)])) as Record<
    (typeof NAMES)[number],
    v.Value
  >
  return { ...sizes, scale: k.paramF32('scale') }
}

/** Places in a unit's scratch memory, in floats. */
export interface Scratch {
  /** [D][8]: eight rows of q (or k), transposed. */
  readonly panel: v.Value
  /** [D][8]: eight rows of dy (or v), transposed. */
  readonly panel2: v.Value
  /** [8][D] sums. */
  readonly sum: v.Value
  readonly sum2: v.Value
  /** [DEPTH][8] scores. */
  readonly scores: v.Value
  readonly scores2: v.Value
  /** Vector i of eight numbers. */
  vector(i: number): v.Value
}

/**
 * The parallel loop over blocks: body(batch row, kv head, block, scratch). Blocks of a head are taken from both ends in
 * turn, because late queries see more keys than early ones and every thread gets one run of neighbours.
 */
export function forEachBlock(
  k: v.KernelBuilder,
  p: AttentionParams,
  body: (batch: v.Value, kvHead: v.Value, block: v.Value, scratch: Scratch) => void,
): void {
  k.parallel(p.units, (unit) => {
    const base = k.let(v.mul(unit, p.scratchFloats))
    const panelSize = k.let(v.mul(p.channels, PANEL))
    const after = (floats: number, panels: number): v.Value =>
      k.let(v.add(base, v.add(v.mul(panelSize, panels), v.i32(floats))), 'scratch')
    const vectors = after(0, 4)
    const scratch: Scratch = {
      panel: after(0, 0),
      panel2: after(0, 1),
      sum: after(0, 2),
      sum2: after(0, 3),
      scores: after(8 * PANEL, 4),
      scores2: after(8 * PANEL + PANEL * DEPTH, 4),
      vector: (i) => v.add(vectors, v.i32(i * PANEL)),
    }
    const first = k.let(v.mul(unit, p.perUnit))
    k.for(first, v.min(v.add(first, p.perUnit), p.total), (at) => {
      const head = k.let(v.div(at, p.blocks), 'head')
      const turn = k.let(v.sub(at, v.mul(head, p.blocks)))
      const half = k.let(v.shr(turn, 1))
      const block = k.let(v.select(v.eq(v.and(turn, v.i32(1)), 0), half, v.sub(v.sub(p.blocks, 1), half)), 'block')
      const batch = k.let(v.div(head, p.kvHeads), 'batch')
      body(batch, k.let(v.sub(head, v.mul(batch, p.kvHeads)), 'kvHead'), block, scratch)
    })
  })
}

/** Element index of row (batch, position, head) of a tensor [B, length, heads, D]. */
export function rowAt(
  k: v.KernelBuilder,
  p: AttentionParams,
  [batch, position, head]: readonly [v.Value, v.Value, v.Value],
  length: v.Value,
  heads: v.Value,
): v.Value {
  return k.let(v.mul(v.add(v.mul(v.add(v.mul(batch, length), position), heads), head), p.channels), 'rowAt')
}

/** panel[d][column] = x[from + d] factor, or 0 where there is no such row. */
export function packColumn(
  k: v.KernelBuilder,
  p: AttentionParams,
  scratch: v.BufferRef,
  panel: v.Value,
  column: v.Value,
  row: { readonly x: v.BufferRef; readonly from: v.Value; readonly factor?: v.Value } | null,
): void {
  k.for(0, p.channels, (d) => {
    const place = v.add(v.add(panel, v.mul(d, PANEL)), column)
    if (row === null) return k.store(scratch, place, v.f32(0))
    const value = k.load(row.x, v.add(row.from, d))
    k.store(scratch, place, row.factor ? v.mul(value, row.factor) : value)
  })
}

/** Eight rows of sums back to zero. */
export function clearRows(k: v.KernelBuilder, p: AttentionParams, scratch: v.BufferRef, at: v.Value): void {
  k.for(0, v.mul(p.channels, PANEL), (i) => k.store(scratch, v.add(at, i), v.splat(v.f32(0), 4)), 4)
}

/** y[to + d] = sum[row][d] factor. */
export function storeRow(
  k: v.KernelBuilder,
  p: AttentionParams,
  scratch: v.BufferRef,
  sum: v.Value,
  row: v.Value,
  y: v.BufferRef,
  to: v.Value,
  factor: v.Value | null,
): void {
  const from = k.let(v.add(sum, v.mul(row, p.channels)))
  const scale = factor ? k.let(factor) : null
  k.forVector(0, p.channels, (d, lanes) => {
    const value = v.load(scratch, v.add(from, d), lanes)
    k.store(y, v.add(to, d), scale ? v.mul(value, v.splat(scale, lanes)) : value)
  })
}
