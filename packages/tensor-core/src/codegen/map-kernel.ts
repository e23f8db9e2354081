import { bytesPerElement, dtypeName, type StoredDType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder, KernelTarget } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression, MapLaunch, Operand } from '../schedule/program.js'
import { sizeOf } from '../shape.js'
import { axesByStride, type CollapsedAxes, collapseAxes } from './collapse-axes.js'
import { constantParams, evaluate, indexAxes, indexValue, type Memo, uniformNodes } from './expression-values.js'
import { decompose, offsetAt } from './index-arithmetic.js'
import type { LaunchPass } from './launch-pass.js'
import { mapElements } from './move-bits.js'
import { type StrideClass, strideClass } from './operand-class.js'
import { paramList } from './param-list.js'
import { expressionsKey } from './structure-key.js'
import { GATHER_LANES, vectorOf } from './vector-of.js'

/** Ranges of a flat map are dealt out in whole multiples of this: no two threads write into one 32-bit word or cache line. */
const FLAT_GRAIN = 64
/** About how many units a two-dimensional map is cut into, so that any number of threads gets a fair share. */
const ROW_UNITS = 64

/** A transposing map goes by tiles of so many rows and columns, so that what it reads across is still in the cache. */
const TILE_ROWS = 16
const TILE_COLUMNS = 32

/**
 * Moves the axis along which a transposed input is contiguous next to the innermost one. Without such an input, or
 * another axis, null.
 */
function transposed(axes: CollapsedAxes, inputs: number): CollapsedAxes | null {
  const inner = axes.extents.length - 1
  for (const strides of axes.strides.slice(0, inputs)) {
    const step = Math.abs(strides[inner] as number)
    if (step <= 1) continue
    const near = strides.slice(0, inner).findIndex((stride) => Math.abs(stride) === 1)
    if (near < 0) continue
    const order = [...axes.extents.keys()].filter((axis) => axis !== near && axis !== inner).concat(near, inner)
    return {
      extents: order.map((axis) => axes.extents[axis] as number),
      strides: axes.strides.map((of) => order.map((axis) => of[axis] as number)),
      place: new Map([...axes.place].map(([axis, at]) => [axis, order.indexOf(at)])),
    }
  }
  return null
}

/**
 * A map over the output's axes, innermost last. Units are (row, block of columns); where every operand is contiguous
 * or constant along the innermost axis it runs in vectors. What does not vary along that axis is evaluated once a unit.
 */
export function mapPass(launch: MapLaunch, target: KernelTarget): LaunchPass | null {
  if (sizeOf(launch.shape) === 0) return null
  const { expressions, dtypes } = mapElements(launch, target)
  const operands = [...launch.inputs, ...launch.outputs]
  const inputs = launch.inputs.length
  const nodes = nodesOf(expressions)
  const first = launch.outputs[0] as Operand
  const order = axesByStride([...launch.shape.keys()], first.view)
  const collapsed = collapseAxes(
    launch.shape,
    order,
    operands.map((operand) => operand.view),
    indexAxes(nodes),
  )
  // Where vectors bring nothing (a GPU) every element is a unit; narrow ones go by whole words.
  const flat = target.vectorLanes === 1
  const crossed = flat ? null : transposed(collapsed, inputs)
  const axes = crossed ?? collapsed
  const tiled = crossed !== null
  const scalar = axes.extents.length === 0
  const extents = scalar ? [1] : axes.extents
  const strides = scalar ? operands.map((_, i) => [i < inputs ? 0 : 1]) : axes.strides
  const inner = extents.length - 1
  const columns = extents[inner] as number
  const rows = sizeOf(extents) / columns
  // There a stride is a multiplication, which costs less than a kernel of its own.
  const classes = strides.map((of): StrideClass => (flat ? 'other' : strideClass(of[inner] as number)))
  const place = (axis: number): number => axes.place.get(axis) ?? -1
  const innerIndex = nodes.some((node) => node.kind === 'index' && place(node.axis) === inner)
  const gathers = innerIndex || classes.slice(0, inputs).includes('other')
  const vector =
    target.vectorLanes > 1 &&
    classes.slice(inputs).every((c) => c === 'unit') &&
    (!gathers || target.vectorLanes === GATHER_LANES)
  const rowTiles = tiled ? Math.ceil((extents[inner - 1] as number) / TILE_ROWS) : 1
  const rowUnits = tiled ? (rows / (extents[inner - 1] as number)) * rowTiles : rows
  const wantedBlocks = Math.max(1, Math.min(Math.ceil(ROW_UNITS / rows), Math.ceil(columns / FLAT_GRAIN)))
  const block = tiled ? TILE_COLUMNS : Math.ceil(columns / wantedBlocks / FLAT_GRAIN) * FLAT_GRAIN
  const blocks = Math.ceil(columns / block)
  const narrow = dtypes.slice(inputs).some((dtype) => bytesPerElement(dtype) < 4)
  const flatGrain = flat ? (narrow ? 16 : 1) : FLAT_GRAIN

  const params = paramList()
  const countAt = params.add('count', inner === 0 || flat ? rows * columns : rowUnits * blocks)
  const columnsAt = params.add('columns', columns)
  const blockAt = params.add('block', block)
  const blocksAt = params.add('blocks', blocks)
  const rowTilesAt = params.add('rowTiles', rowTiles)
  const extentsAt = params.addAll('extent', extents.slice(0, inner))
  const placed = operands.map((operand, i) => ({
    base: params.add('offset', operand.view.offset),
    outer: params.addAll('stride', (strides[i] as number[]).slice(0, inner)),
    step: classes[i] === 'other' ? params.add('step', strides[i]?.[inner] as number) : -1,
  }))
  const constants = constantParams(nodes, params)
  const split = uniformNodes(expressions, (node) =>
    node.kind === 'input' ? classes[node.index] !== 'zero' : node.kind === 'index' && place(node.axis) === inner,
  )

  const build = (k: KernelBuilder): void => {
    const buffers = dtypes.map((dtype, i) =>
      i < inputs ? k.buffer(`in${i}`, dtype, 'read') : k.buffer(`out${i - inputs}`, dtype, 'write'),
    )
    const p = params.declare(k)
    const at = (i: number): Value => p[i] as Value
    const known = constants(p)

    /** One run along the innermost axis at fixed outer indices. */
    const run = (outer: readonly Value[], begin: Value, end: Value): void => {
      const iota = innerIndex && vector ? vectorOf(k, [0, 1, 2, 3].map(v.i32)) : null
      const bases = placed.map(({ base, outer: s }) => k.let(offsetAt(at(base), outer, s.map(at)), 'base'))
      const element = (operand: number, column: Value): Value => {
        const { step } = placed[operand] as { step: number }
        const base = bases[operand] as Value
        return classes[operand] === 'zero' ? base : v.add(base, step < 0 ? column : v.mul(column, at(step)))
      }
      const leaf = (column: Value | null, width: number) => {
        return (node: Expression): Value => {
          if (node.kind === 'input') {
            const i = node.index
            const buffer = buffers[i] as BufferRef
            const index = column ? element(i, column) : (bases[i] as Value)
            if (width === 1 || classes[i] === 'zero') return k.load(buffer, index)
            if (classes[i] === 'unit') return k.loadVector(buffer, index)
            const from = k.let(index)
            const { step } = placed[i] as { step: number }
            return vectorOf(
              k,
              Array.from({ length: width }, (_, lane) => k.load(buffer, v.add(from, v.mul(at(step), v.i32(lane))))),
            )
          }
          if (node.kind !== 'index') throw new KernelTypeError(launch.label, 'an input or an index', node.kind)
          const axis = place(node.axis)
          if (axis < 0) return indexValue(v.i32(0), node.dtype)
          if (axis < inner) return indexValue(outer[axis] as Value, node.dtype)
          const index = column as Value
          return indexValue(width > 1 ? v.add(index, iota as Value) : index, node.dtype)
        }
      }
      const hoisted: Memo = new Map(known)
      for (const node of split.uniform) evaluate(k, node, hoisted, leaf(null, 1))
      const splats: Memo = new Map(hoisted)
      if (vector) {
        for (const node of split.uniform) {
          splats.set(node, k.let(v.splat(hoisted.get(node) as Value, target.vectorLanes)))
        }
      }
      const body = (column: Value, width: number): void => {
        const memo: Memo = new Map(width > 1 ? splats : hoisted)
        // All values first: an output may stand where an input stood.
        const values = expressions.map((root) => evaluate(k, root, memo, leaf(column, width)))
        values.forEach((value, j) => {
          k.store(buffers[inputs + j] as BufferRef, element(inputs + j, column), v.splat(value, width))
        })
      }
      if (vector) k.forVector(begin, end, body)
      else k.for(begin, end, (column) => body(column, 1))
    }

    if (inner === 0) {
      k.parallelRange(at(countAt), flatGrain, (begin, end) => run([], begin, end))
      return
    }
    if (flat) {
      k.parallelRange(at(countAt), flatGrain, (begin, end) => {
        k.for(begin, end, (element) => {
          const indices = decompose(k, element, [...extentsAt.map(at), at(columnsAt)])
          const column = indices[inner] as Value
          run(indices.slice(0, inner), column, v.add(column, 1))
        })
      })
      return
    }
    k.parallelRange(at(countAt), 1, (begin, end) => {
      k.for(begin, end, (unit) => {
        const row = k.let(v.div(unit, at(blocksAt)), 'row')
        const start = k.let(v.mul(v.sub(unit, v.mul(row, at(blocksAt))), at(blockAt)))
        const stop = k.let(v.min(at(columnsAt), v.add(start, at(blockAt))))
        if (!tiled) {
          run(decompose(k, row, extentsAt.map(at)), start, stop)
          return
        }
        const outer = k.let(v.div(row, at(rowTilesAt)), 'outer')
        const firstRow = k.let(v.mul(v.sub(row, v.mul(outer, at(rowTilesAt))), v.i32(TILE_ROWS)))
        const lastRow = v.min(at(extentsAt[inner - 1] as number), v.add(firstRow, v.i32(TILE_ROWS)))
        const indices = decompose(k, outer, extentsAt.slice(0, -1).map(at))
        k.for(firstRow, lastRow, (r) => run([...indices, r], start, stop))
      })
    })
  }

  const shape = operands.map((_, i) => `${dtypeName(dtypes[i] as StoredDType)}:${classes[i]}`)
  const code = expressionsKey(expressions, place)
  return {
    key: `map|${tiled ? 'tiled' : 'rows'}|${extents.length}|${shape.slice(0, inputs)}|${shape.slice(inputs)}|${code}`,
    name: `map:${launch.label}`,
    buffers: operands.map(({ slot }, i) => ({ slot, access: i < inputs ? ('read' as const) : ('write' as const) })),
    params: params.values,
    workspaceBytes: 0,
    work: sizeOf(launch.shape) * Math.max(1, nodes.length),
    build,
  }
}
