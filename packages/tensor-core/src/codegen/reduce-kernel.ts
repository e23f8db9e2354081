import { computeTypeOf, dtypeName, isFloat, type ScalarDType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder, KernelTarget, Variable } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { ownInputs } from '../schedule/epilogue.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Expression, ReduceLaunch } from '../schedule/program.js'
import { sizeOf } from '../shape.js'
import type { View } from '../view.js'
import { epilogueCode } from './epilogue-code.js'
import { constantParams, evaluate, indexValue, type Memo, uniformNodes } from './expression-values.js'
import { decompose, offsetAt } from './index-arithmetic.js'
import type { LaunchPass } from './launch-pass.js'
import { elementDType, strideClass } from './operand-class.js'
import { paramList } from './param-list.js'
import {
  BLOCK,
  chunksOf,
  LONG_EXPRESSION,
  planReduce,
  type ReducePlan,
  type ReduceTask,
  ROW_VECTORS,
  rowMajor,
} from './plan-reduce.js'
import { expressionsKey } from './structure-key.js'

const LEAST: Readonly<Record<ScalarDType, number>> = {
  float32: -Infinity,
  float16: -Infinity,
  bfloat16: -Infinity,
  int32: -(2 ** 31),
  uint32: 0,
  int8: -128,
  uint8: 0,
  bool: 0,
}
const GREATEST: Readonly<Record<ScalarDType, number>> = {
  float32: Infinity,
  float16: Infinity,
  bfloat16: Infinity,
  int32: 2 ** 31 - 1,
  uint32: 2 ** 32 - 1,
  int8: 127,
  uint8: 255,
  bool: 1,
}

/** A reduction launch as a single pass. */
export function reduceTask(launch: ReduceLaunch): ReduceTask {
  const outputDType = elementDType(launch.label, launch.output)
  const { combine } = launch
  return {
    ...launch,
    inputs: ownInputs(launch).map((operand) => ({
      binding: { slot: operand.slot, access: 'read' },
      dtype: elementDType(launch.label, operand),
      view: operand.view,
    })),
    output: {
      binding: { slot: launch.output.slot, access: 'write' },
      dtype: outputDType,
      view: launch.output.view,
    },
    accumulator: isFloat(launch.expression.dtype) ? 'f32' : computeTypeOf(outputDType) === 'u32' ? 'u32' : 'i32',
    identity: combine === 'sum' ? 0 : (combine === 'max' ? LEAST : GREATEST)[outputDType],
    finishes: launch,
  }
}

/** The passes of a reduction: one, or partial results and their combination. None if there is no output element. */
export function reducePasses(launch: ReduceLaunch, target: KernelTarget): LaunchPass[] {
  const outputs = launch.shape.slice(0, launch.shape.length - launch.reduced)
  if (sizeOf(outputs) === 0) return []
  const task = reduceTask(launch)
  const plan = planReduce(task, target)
  const chunks = chunksOf(plan)
  if (chunks <= 1) return [emitPass(task, plan, null)]

  const partialDType = { f32: 'float32', i32: 'int32', u32: 'uint32', bool: 'int32' } as const
  const dtype = partialDType[task.accumulator]
  // Chunks of rows lie side by side for each output; chunks of columns repeat the outputs' own order.
  const count = sizeOf(outputs)
  const flat = sizeOf(plan.outer.extents)
  const beside = plan.kind !== 'columns'
  const partials: View = {
    shape: [...plan.outer.extents, chunks],
    strides: [...rowMajor(plan.outer.extents, beside ? chunks : 1), beside ? 1 : flat],
    offset: 0,
  }
  const second: ReduceTask = {
    ...task,
    shape: partials.shape,
    reduced: 1,
    inputs: [{ binding: 'workspace', dtype, view: partials }],
    expression: { kind: 'input', index: 0, dtype },
    output: {
      ...task.output,
      view: {
        shape: plan.outer.extents,
        strides: plan.outer.strides[task.inputs.length] as readonly number[],
        offset: task.output.view.offset,
      },
    },
  }
  const workspaceBytes = 4 * count * chunks
  return [
    { ...emitPass({ ...task, finishes: null }, plan, { count: chunks, dtype }), workspaceBytes },
    { ...emitPass(second, planReduce(second, target), null), workspaceBytes },
  ]
}

const COMBINE = { sum: v.add, max: v.max, min: v.min } as const
const ACROSS = { sum: 'add', max: 'max', min: 'min' } as const

interface Partials {
  readonly count: number
  readonly dtype: ScalarDType
}

/** One kernel: every output's reduction, or, with `partials`, that of every (output, chunk) into the workspace. */
function emitPass(task: ReduceTask, plan: ReducePlan, partials: Partials | null): LaunchPass {
  const { kind, lanes, stripVectors, outer, inner, length } = plan
  const inputs = task.inputs.length
  const nodes = nodesOf([task.expression])
  const lastOuter = outer.extents.length - 1
  const lastInner = inner.extents.length - 1
  const columns = kind === 'columns'
  const outerRank = columns ? lastOuter : outer.extents.length
  const width = columns ? (outer.extents[lastOuter] as number) : 1
  const strip = stripVectors * lanes
  const strips = Math.ceil(width / strip)
  const outputs = sizeOf(outer.extents)
  const rowClasses = task.inputs.map((_, i) => strideClass(inner.strides[i]?.[lastInner] as number))
  const columnClasses = task.inputs.map((_, i) =>
    columns ? strideClass(outer.strides[i]?.[lastOuter] as number) : 'zero',
  )
  const params = paramList()
  const chunks = partials?.count ?? 1
  const itemsAt = params.add('items', plan.items * chunks)
  const chunksAt = params.add('chunks', chunks)
  const unitsAt = params.add('units', plan.units)
  const perChunkAt = params.add('unitsPerChunk', Math.ceil(plan.units / chunks))
  const lengthAt = params.add('length', length)
  const blocksAt = params.add('blocks', plan.blocks)
  const widthAt = params.add('width', width)
  const stripsAt = params.add('strips', strips)
  const outputsAt = params.add('outputs', outputs)
  const outerAt = params.addAll('outer', outer.extents.slice(0, outerRank))
  const reducedAt = params.addAll('reduced', inner.extents.slice(0, lastInner))
  const placed = task.inputs.map((input, i) => ({
    base: params.add('offset', input.view.offset),
    outer: params.addAll('stride', (outer.strides[i] as readonly number[]).slice(0, outerRank)),
    reduced: params.addAll('reducedStride', (inner.strides[i] as readonly number[]).slice(0, lastInner)),
    step: params.add('step', inner.strides[i]?.[lastInner] as number),
  }))
  const outputStrides = partials
    ? rowMajor(outer.extents, columns ? 1 : chunks)
    : (outer.strides[inputs] as readonly number[])
  const outputAt = {
    base: params.add('outputOffset', partials ? 0 : task.output.view.offset),
    outer: params.addAll('outputStride', outputStrides.slice(0, outerRank)),
  }
  const constants = constantParams(nodes, params)
  const epilogue = task.finishes && epilogueCode(task.finishes, params)
  const extra = epilogue && task.finishes ? task.finishes.inputs.slice(inputs) : []
  const placeOf = (axis: number): { group: 'outer' | 'inner' | 'none'; at: number } => {
    const o = outer.place.get(axis)
    if (o !== undefined) return { group: 'outer', at: o }
    const i = inner.place.get(axis)
    return i === undefined ? { group: 'none', at: -1 } : { group: 'inner', at: i }
  }
  // What stays the same along the loop of a block: evaluated once for the block.
  const split = uniformNodes([task.expression], (node) => {
    if (node.kind === 'input') return columns || rowClasses[node.index] !== 'zero'
    if (node.kind !== 'index') return false
    const { group, at } = placeOf(node.axis)
    return columns || (group === 'inner' && at === lastInner)
  })
  const unroll = nodes.length > LONG_EXPRESSION ? ROW_VECTORS / 2 : ROW_VECTORS

  const build = (k: KernelBuilder): void => {
    const buffers = task.inputs.map((input, i) => k.buffer(`in${i}`, input.dtype, 'read'))
    const extraBuffers = extra.map(({ dtype }, i) => k.buffer(`extra${i}`, dtype as ScalarDType, 'read'))
    const out = partials ? k.buffer('partials', partials.dtype, 'write') : k.buffer('out', task.output.dtype, 'write')
    const p = params.declare(k)
    const at = (i: number): Value => p[i] as Value
    const known = constants(p)
    const finish = epilogue?.bind(k, p, extraBuffers)
    const join = (a: Value, b: Value): Value => COMBINE[task.combine](a, b)
    const identity = (n: number): Value => v.splat(v.constant(task.accumulator, task.identity), n)
    const fresh = (n: number): Variable => k.variable(identity(n), 'sum')
    const into = (variable: Variable, value: Value): void => variable.set(join(variable.get(), value))

    /** The expression at position `i` of the innermost reduced axis, as the accumulators' type. */
    interface Place {
      readonly outer: readonly Value[]
      readonly reduced: readonly Value[]
      readonly bases: readonly Value[]
      readonly hoisted: Memo
    }
    const leafAt = (place: Omit<Place, 'hoisted'>, i: Value | null, column: Value | null, n: number) => {
      return (node: Expression): Value => {
        if (node.kind === 'input') {
          const { step } = placed[node.index] as { step: number }
          let index = place.bases[node.index] as Value
          const rowClass = rowClasses[node.index]
          if (i && rowClass !== 'zero') index = v.add(index, rowClass === 'unit' ? i : v.mul(i, at(step)))
          const wide = columns ? columnClasses[node.index] === 'unit' : rowClass === 'unit'
          if (columns && wide) index = v.add(index, column as Value)
          const buffer = buffers[node.index] as BufferRef
          return n > 1 && wide ? k.loadVector(buffer, index) : k.load(buffer, index)
        }
        if (node.kind !== 'index') throw new KernelTypeError(task.label, 'an input or an index', node.kind)
        const { group, at: axis } = placeOf(node.axis)
        if (group === 'none') return indexValue(v.i32(0), node.dtype)
        if (group === 'outer') return indexValue(place.outer[axis] as Value, node.dtype)
        return indexValue(axis < lastInner ? (place.reduced[axis] as Value) : (i as Value), node.dtype)
      }
    }
    const valueAt = (place: Place, i: Value, column: Value | null, n: number): Value => {
      const memo: Memo = new Map(place.hoisted)
      const value = evaluate(k, task.expression, memo, leafAt(place, i, column, n))
      return v.splat(v.convert(value, task.accumulator), n)
    }

    /** body(first, end) for every block of the units [from, to), with the places of the operands there. */
    const blocksOf = (
      outerIndices: readonly Value[],
      from: Value,
      to: Value,
      body: (place: Place, start: Value, stop: Value) => void,
    ): void => {
      const outerBases = placed.map(({ base, outer: s }) => k.let(offsetAt(at(base), outerIndices, s.map(at)), 'base'))
      k.for(from, to, (unit) => {
        const row = k.let(v.div(unit, at(blocksAt)), 'row')
        const start = k.let(v.mul(v.sub(unit, v.mul(row, at(blocksAt))), v.i32(BLOCK[kind])), 'start')
        const stop = k.let(v.min(at(lengthAt), v.add(start, v.i32(BLOCK[kind]))), 'stop')
        const reduced = decompose(k, row, reducedAt.map(at))
        const bases = placed.map(({ reduced: s }, i) =>
          k.let(offsetAt(outerBases[i] as Value, reduced, s.map(at)), 'at'),
        )
        const spot = { outer: outerIndices, reduced, bases }
        const hoisted: Memo = new Map(known)
        for (const node of split.uniform) evaluate(k, node, hoisted, leafAt(spot, null, null, 1))
        body({ ...spot, hoisted }, start, stop)
      })
    }

    const store = (index: Value, value: Value): void => {
      const result = v.convert(value, computeTypeOf(out.dtype))
      k.store(out, index, finish ? finish(k.let(result), index, result.lanes) : result)
    }

    const rowSums = (outerIndices: readonly Value[], from: Value, to: Value): Value => {
      const total = fresh(lanes)
      const rest = fresh(1)
      blocksOf(outerIndices, from, to, (place, start, stop) => {
        const sums = Array.from({ length: unroll }, () => fresh(lanes))
        const step = unroll * lanes
        const main = k.let(v.sub(stop, v.rem(v.sub(stop, start), v.i32(step))), 'main')
        k.for(
          start,
          main,
          (i) => {
            sums.forEach((sum, u) => {
              into(sum, valueAt(place, k.let(v.add(i, v.i32(u * lanes))), null, lanes))
            })
          },
          step,
        )
        k.forVector(main, stop, (i, n) => {
          into(n > 1 ? (sums[0] as Variable) : rest, valueAt(place, i, null, n))
        })
        const pairs = sums.map((sum) => sum.get())
        while (pairs.length > 1) pairs.push(join(pairs.shift() as Value, pairs.shift() as Value))
        into(total, pairs[0] as Value)
      })
      return join(v.reduceLanes(ACROSS[task.combine], total.get()), rest.get())
    }

    const generalSums = (outerIndices: readonly Value[], from: Value, to: Value): Value => {
      const total = fresh(1)
      blocksOf(outerIndices, from, to, (place, start, stop) => {
        const sum = fresh(1)
        k.for(start, stop, (i) => into(sum, valueAt(place, i, null, 1)))
        into(total, sum.get())
      })
      return total.get()
    }

    /** `count` neighbouring groups of `n` columns from `column` on. */
    const columnSums = (
      outerIndices: readonly Value[],
      from: Value,
      to: Value,
      column: Value,
      count: number,
      n: number,
      result: Value,
    ): void => {
      const groups = Array.from({ length: count }, (_, g) => k.let(v.add(column, v.i32(g * n))))
      const totals = groups.map(() => fresh(n))
      blocksOf(outerIndices, from, to, (place, start, stop) => {
        const sums = groups.map(() => fresh(n))
        k.for(start, stop, (i) => {
          sums.forEach((sum, g) => {
            into(sum, valueAt(place, i, groups[g] as Value, n))
          })
        })
        totals.forEach((total, g) => {
          into(total, (sums[g] as Variable).get())
        })
      })
      totals.forEach((total, g) => {
        store(v.add(result, groups[g] as Value), total.get())
      })
    }

    k.parallelRange(at(itemsAt), 1, (begin, end) => {
      k.for(begin, end, (work) => {
        let item = work
        let chunk: Value = v.i32(0)
        if (partials) {
          item = k.let(v.div(work, at(chunksAt)), 'item')
          chunk = k.let(v.sub(work, v.mul(item, at(chunksAt))), 'chunk')
        }
        const from = partials ? k.let(v.mul(chunk, at(perChunkAt))) : v.i32(0)
        const to = partials ? k.let(v.min(at(unitsAt), v.add(from, at(perChunkAt)))) : at(unitsAt)
        if (!columns) {
          const indices = decompose(k, item, outerAt.map(at))
          const value = kind === 'rows' ? rowSums(indices, from, to) : generalSums(indices, from, to)
          const result = offsetAt(at(outputAt.base), indices, outputAt.outer.map(at))
          store(partials ? v.add(result, chunk) : result, value)
          return
        }
        const row = k.let(v.div(item, at(stripsAt)), 'row')
        const first = k.let(v.mul(v.sub(item, v.mul(row, at(stripsAt))), v.i32(strip)), 'column')
        const last = k.let(v.min(at(widthAt), v.add(first, v.i32(strip))))
        const indices = decompose(k, row, outerAt.map(at))
        let result = offsetAt(at(outputAt.base), indices, outputAt.outer.map(at))
        if (partials) result = v.add(result, v.mul(chunk, at(outputsAt)))
        result = k.let(result, 'result')
        k.if(
          v.eq(v.sub(last, first), v.i32(strip)),
          () => columnSums(indices, from, to, first, stripVectors, lanes, result),
          () => k.forVector(first, last, (column, n) => columnSums(indices, from, to, column, 1, n, result)),
        )
      })
    })
  }

  const shape = task.inputs.map((input, i) => `${dtypeName(input.dtype)}:${rowClasses[i]}:${columnClasses[i]}`)
  const target = partials ? `partial ${partials.dtype}` : dtypeName(task.output.dtype)
  const place = (axis: number): number => {
    const { group, at } = placeOf(axis)
    return group === 'none' ? -1 : group === 'outer' ? at : outer.extents.length + at
  }
  const ranks = `${outerRank},${lastInner}`
  const code = expressionsKey([task.expression], place)
  return {
    key: `reduce|${kind}|${task.combine}|${task.accumulator}|${task.identity}|${ranks}|${shape}|${target}|${code}${epilogue ? `|${epilogue.key}` : ''}`,
    name: `${task.combine}:${task.label}`,
    buffers: [
      ...task.inputs.map((input) => input.binding),
      ...extra.map(({ slot }) => ({ slot, access: 'read' as const })),
      partials ? 'workspace' : task.output.binding,
    ],
    params: params.values,
    workspaceBytes: 0,
    work: sizeOf(outer.extents) * sizeOf(inner.extents) * nodes.length,
    build,
  }
}
