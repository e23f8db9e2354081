import { distinctBatches, type MatmulOperand } from '../../../codegen/matmul-problem.js'
import type { BlockFormat } from '../../../formats/define-format.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { batchOffsets, batchParams, paddedBatch } from './batch-index.js'
import type { MatmulBuffers } from './matmul-buffers.js'
import { packBlocks } from './pack-blocks.js'
import { transpose } from './transpose.js'

/**
 * Packing: an operand of [lanes, depth] (A's rows, B's columns) becomes panels of `width` lanes,
 * packed[batch][block of depth][panel][depth within the block][width] in float32, missing lanes of the last panel zero.
 * What a block of C reads at a time lies in one piece: at a distance of a power of two, panels evict each other.
 */

/** Lanes that one unit of parallel work packs: a multiple of every panel's width, and three cache lines of float32. */
export const PACK_UNIT = 48

export interface PackedOperand {
  readonly lanes: number
  readonly depth: number
  /** The depth is packed in blocks of so many steps. */
  readonly blockDepth: number
  readonly batch: readonly number[]
  readonly strides: MatmulOperand['batch']
  readonly laneStride: number
  readonly depthStride: number
  readonly offset: number
  readonly width: number
  /** Where the panels go in the workspace, in elements. */
  readonly start: number
}

/** Elements that an operand's panels take. */
export function packedSize({ lanes, depth, batch, strides, width }: Omit<PackedOperand, 'start'>): number {
  return distinctBatches(batch, strides) * Math.ceil(lanes / width) * width * depth
}

/** Strides of the packed operand over the batch axes, in elements; 0 where a batch is repeated. */
export function packedBatchStrides({ lanes, depth, batch, strides, width }: PackedOperand): number[] {
  let stride = Math.ceil(lanes / width) * width * depth
  const packed = batch.map(() => 0)
  for (let axis = batch.length - 1; axis >= 0; axis--) {
    if (strides[axis] === 0) continue
    packed[axis] = stride
    stride *= batch[axis] as number
  }
  return packed
}

const unitsOf = (o: PackedOperand): number => distinctBatches(o.batch, o.strides) * Math.ceil(o.lanes / PACK_UNIT)

/** Parameters of the kernel that packs two operands. */
export function packParams(a: PackedOperand, b: PackedOperand): number[] {
  const one = (o: PackedOperand): number[] => [
    unitsOf(o),
    o.lanes,
    o.laneStride,
    o.depthStride,
    o.offset,
    o.start,
    ...paddedBatch(
      o.batch.map((extent, axis) => (o.strides[axis] === 0 ? 1 : extent)),
      1,
    ),
    ...paddedBatch(o.strides, 0),
  ]
  return [a.depth, a.blockDepth, ...one(a), ...one(b)]
}

const int = (name: string) => ({ name, type: 'i32' }) as const

/** The kernel: both operands' units in one parallel range. */
export function buildPack(
  k: KernelBuilder,
  { a: left, b: right, panels, format }: MatmulBuffers,
  widths: readonly [number, number],
): void {
  const depths = [k.param('depth'), k.param('blockDepth')] as const
  const a = packOperand(k, left, panels, widths[0], depths, null)
  const b = packOperand(k, right, panels, widths[1], depths, format)
  k.parallel(v.add(a.units, b.units), (unit) => {
    k.if(
      v.lt(unit, a.units),
      () => a.pack(unit),
      () => b.pack(v.sub(unit, a.units)),
    )
  })
}

interface OperandPacker {
  readonly units: Value
  pack(unit: Value): void
}

function packOperand(
  k: KernelBuilder,
  source: BufferRef,
  panels: BufferRef,
  width: number,
  [depth, blockDepth]: readonly [Value, Value],
  format: BlockFormat | null,
): OperandPacker {
  const { name } = source
  const units = k.param(`${name}Units`)
  const lanes = k.param(`${name}Lanes`)
  const laneStride = k.param(`${name}LaneStride`)
  const depthStride = k.param(`${name}DepthStride`)
  const offset = k.param(`${name}Offset`)
  const start = k.param(`${name}Start`)
  const extents = batchParams(k, `${name}Extent`)
  const strides = batchParams(k, `${name}Stride`)

  const steps = { laneStride, depthStride }
  const packPart = format
    ? packPacked(k, source, panels, width, steps, format)
    : packPlain(k, source, panels, width, steps)
  return {
    units,
    pack(unit) {
      const blocks = k.let(v.div(v.add(lanes, PACK_UNIT - 1), PACK_UNIT), 'blocks')
      const batch = k.let(v.div(unit, blocks), 'batch')
      const lane = k.let(v.mul(v.rem(unit, blocks), PACK_UNIT), 'lane')
      const [place] = batchOffsets(k, batch, extents, [strides]) as [Value]
      const from = k.let(v.add(v.add(offset, place), v.mul(lane, laneStride)), 'from')
      const padded = k.let(v.mul(v.div(v.add(lanes, width - 1), width), width), 'padded')
      const to = k.let(v.add(start, v.mul(v.mul(batch, padded), depth)), 'to')
      const here = k.let(v.min(v.sub(lanes, lane), PACK_UNIT), 'here')
      k.for(
        0,
        depth,
        (k0) => {
          const part = k.let(v.min(blockDepth, v.sub(depth, k0)), 'part')
          const partFrom = k.let(v.add(from, v.mul(k0, depthStride)))
          const partTo = k.let(v.add(to, v.add(v.mul(k0, padded), v.mul(lane, part))))
          packPart(partFrom, partTo, here, part)
        },
        blockDepth,
      )
    },
  }
}

/** Packs `here` lanes from an element on, `part` steps deep. */
type PackPart = (from: Value, to: Value, here: Value, part: Value) => void

interface Steps {
  readonly laneStride: Value
  readonly depthStride: Value
}

function packPlain(
  k: KernelBuilder,
  source: BufferRef,
  panels: BufferRef,
  width: number,
  { laneStride, depthStride }: Steps,
): PackPart {
  const { name } = source
  const wide = packWide(k, `${name}PackWide`, source, panels, width)
  const rows = packRows(k, `${name}PackRows`, source, panels, width)
  const any = packAny(k, `${name}PackAny`, source, panels, width)
  return (partFrom, partTo, here, part) => {
    k.if(
      v.and(v.eq(laneStride, 1), v.eq(here, PACK_UNIT)),
      () => k.call(wide, [partFrom, depthStride, part, partTo]),
      () =>
        k.for(
          0,
          here,
          (i) => {
            const panelFrom = k.let(v.add(partFrom, v.mul(i, laneStride)))
            const panelTo = k.let(v.add(partTo, v.mul(i, part)))
            const count = k.let(v.min(v.sub(here, i), width))
            k.if(
              v.and(v.eq(depthStride, 1), v.eq(count, width)),
              () => k.call(rows, [panelFrom, laneStride, part, panelTo]),
              () => k.call(any, [panelFrom, laneStride, depthStride, count, part, panelTo]),
            )
          },
          width,
        ),
    )
  }
}

/** Rows packed in blocks: a row is a lane, its blocks lie along the depth. */
function packPacked(
  k: KernelBuilder,
  source: BufferRef,
  panels: BufferRef,
  width: number,
  { laneStride }: Steps,
  format: BlockFormat,
): PackPart {
  const blocks = packBlocks(k, `${source.name}PackBlocks`, format, source, panels, width)
  const bytesOf = (elements: Value): Value => v.mul(v.div(elements, format.blockSize), format.bytesPerBlock)
  return (partFrom, partTo, here, part) => {
    const rowBytes = k.let(bytesOf(laneStride), 'rowBytes')
    const from = k.let(bytesOf(partFrom), 'from')
    k.for(
      0,
      here,
      (i) => {
        const count = v.min(v.sub(here, i), width)
        const depth = v.div(part, format.blockSize)
        k.call(blocks, [v.add(from, v.mul(i, rowBytes)), rowBytes, count, depth, v.add(partTo, v.mul(i, part))])
      },
      width,
    )
  }
}

/**
 * PACK_UNIT lanes that lie side by side: whole cache lines are read once and dealt out to several panels. Where a panel's
 * width is no multiple of four, its vectors run over into the next step of the same panel, which is written after it; the
 * last step is written lane by lane.
 */
function packWide(k: KernelBuilder, name: string, source: BufferRef, panels: BufferRef, width: number): KernelFunction {
  return k.func(name, [int('from'), int('stride'), int('depth'), int('to')], (from, stride, depth, to) => {
    const x = k.variable(from as Value, 'x')
    const panel = k.let(v.mul(depth as Value, width), 'panel')
    const step = (y: Value, lanes: number): void => {
      const row = k.variable(y, 'y')
      for (let lane = 0; lane < PACK_UNIT; lane += width) {
        if (lane > 0) row.set(v.add(row.get(), panel))
        for (let i = 0; i < width; i += lanes) {
          // A vector that would reach beyond the unit's lanes may reach beyond the memory.
          const beyond = Math.max(0, lane + i + lanes - PACK_UNIT)
          const vector = v.load(source, v.add(x.get(), v.i32(lane + i - beyond)), lanes)
          const order = [0, 1, 2, 3].map((l) => Math.min(3, l + beyond))
          k.store(panels, v.add(row.get(), v.i32(i)), beyond > 0 ? v.shuffle(vector, vector, order) : vector)
        }
      }
      x.set(v.add(x.get(), stride as Value))
    }
    const last = k.let(v.sub(v.add(to as Value, panel), width % 4 === 0 ? 0 : width), 'last')
    k.for(to as Value, last, (y) => step(y, 4), width)
    if (width % 4 !== 0) step(last, 1)
    return undefined
  })
}

/** One panel of lanes that each lie in one piece: four steps of all lanes are interleaved in registers. */
function packRows(k: KernelBuilder, name: string, source: BufferRef, panels: BufferRef, width: number): KernelFunction {
  return k.func(name, [int('from'), int('stride'), int('depth'), int('to')], (from, stride, depth, to) => {
    const whole = k.let(v.and(depth as Value, v.i32(-4)), 'whole')
    const starts: Value[] = [from as Value]
    for (let lane = 1; lane < width; lane++) starts.push(k.let(v.add(starts.at(-1) as Value, stride as Value), 'start'))
    k.for(
      0,
      whole,
      (d) => {
        const at = k.let(v.add(to as Value, v.mul(d, width)))
        const load = (lane: number): Value => k.let(v.load(source, v.add(starts[lane] as Value, d), 4))
        if (width % 4 !== 0) {
          const rows = starts.map((_, lane) => load(lane))
          for (const [i, vector] of interleave(k, rows).entries()) k.store(panels, v.add(at, v.i32(4 * i)), vector)
          return
        }
        for (let group = 0; group < width; group += 4) {
          const square = [0, 1, 2, 3].map((lane) => load(group + lane))
          for (const [step, column] of transpose(k, square).entries()) {
            k.store(panels, v.add(at, v.i32(step * width + group)), column)
          }
        }
      },
      4,
    )
    k.for(whole, depth as Value, (d) => {
      const at = k.let(v.add(to as Value, v.mul(d, width)))
      for (let lane = 0; lane < width; lane++) {
        k.store(panels, v.add(at, v.i32(lane)), v.load(source, v.add(starts[lane] as Value, d), 1))
      }
    })
    return undefined
  })
}

/** Vectors r of four elements as r0[0], r1[0], ..., r0[1], r1[1], ...: as many vectors as went in. */
function interleave(k: KernelBuilder, rows: readonly Value[]): Value[] {
  return rows.map((_, i) => {
    // Four elements in a row come from at most four vectors: two shuffles of two, and one of the results.
    const wanted = [0, 1, 2, 3].map((lane) => {
      const element = 4 * i + lane
      return { row: rows[element % rows.length] as Value, index: Math.floor(element / rows.length) }
    }) as [Element, Element, Element, Element]
    const pair = (a: Element, b: Element): Value =>
      k.let(v.shuffle(a.row, b.row, [a.index, b.index + 4, a.index, b.index + 4]))
    return k.let(v.shuffle(pair(wanted[0], wanted[1]), pair(wanted[2], wanted[3]), [0, 1, 4, 5]))
  })
}

interface Element {
  readonly row: Value
  readonly index: number
}

/** One panel of any strides, possibly with fewer lanes than its width: the rest is zero. */
function packAny(k: KernelBuilder, name: string, source: BufferRef, panels: BufferRef, width: number): KernelFunction {
  const params = [int('from'), int('laneStride'), int('depthStride'), int('count'), int('depth'), int('to')]
  return k.func(name, params, (from, laneStride, depthStride, count, depth, to) => {
    const x = k.variable(from as Value, 'x')
    const y = k.variable(to as Value, 'y')
    k.for(0, depth as Value, () => {
      const lane = k.variable(x.get(), 'lane')
      k.for(0, count as Value, (i) => {
        k.store(panels, v.add(y.get(), i), v.load(source, lane.get(), 1))
        lane.set(v.add(lane.get(), laneStride as Value))
      })
      k.for(count as Value, width, (i) => k.store(panels, v.add(y.get(), i), v.f32(0)))
      x.set(v.add(x.get(), depthStride as Value))
      y.set(v.add(y.get(), v.i32(width)))
    })
    return undefined
  })
}
