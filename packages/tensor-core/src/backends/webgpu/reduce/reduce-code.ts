import type { CollapsedAxes } from '../../../codegen/collapse-axes.js'
import { type EpilogueCode, epilogueCode } from '../../../codegen/epilogue-code.js'
import { constantParams, evaluate, indexValue, type Memo } from '../../../codegen/expression-values.js'
import { decompose, offsetAt } from '../../../codegen/index-arithmetic.js'
import { type ParamList, paramList } from '../../../codegen/param-list.js'
import type { ReducePlan, ReduceTask } from '../../../codegen/plan-reduce.js'
import { expressionsKey } from '../../../codegen/structure-key.js'
import { computeTypeOf } from '../../../dtype.js'
import { KernelTypeError } from '../../../errors.js'
import * as v from '../../../kernel/expressions.js'
import type { KernelBuilder } from '../../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../../kernel/value.js'
import { nodesOf } from '../../../schedule/expression-nodes.js'
import type { Expression, Operand } from '../../../schedule/program.js'

/** Some functions of a reduction in the kernel language, with the parameters that they read. */
export interface ReduceCode {
  /** Tells the code apart from others'. */
  readonly key: string
  readonly paramNames: readonly string[]
  readonly params: readonly number[]
  bind(
    k: KernelBuilder,
    params: Readonly<Record<string, Value>>,
    buffers: Readonly<Record<string, BufferRef>>,
  ): Record<string, KernelFunction>
}

const named = (prefix: string, { values }: ParamList): string[] => values.map((_, i) => `${prefix}${i}`)
const valuesOf = (names: readonly string[], params: Readonly<Record<string, Value>>): Value[] =>
  names.map((name) => params[name] as Value)

/** Axes of outputs: a division more for an output costs less than a kernel of its own, which one for an element does not. */
const OUTER_RANK = 2

/** The axes behind some of extent 1, so that there are at least `rank`: fewer have the code of so many. */
function atLeast(rank: number, axes: CollapsedAxes): CollapsedAxes {
  const missing = Math.max(0, rank - axes.extents.length)
  const lead = (value: number): number[] => new Array<number>(missing).fill(value)
  return {
    extents: [...lead(1), ...axes.extents],
    strides: axes.strides.map((of) => [...lead(0), ...of]),
    place: new Map([...axes.place].map(([axis, at]) => [axis, at + missing])),
  }
}

/**
 * `element(...fixed, i)`: what a reduction combines, for element `i` of an output in row-major order of the plan's axes. What
 * it needs of the output, the number of which it is in the same order, are the values of the functions `fixed`, so that an
 * output is taken apart once. Inputs are the buffers in0, in1, ...
 */
export function elementCode(task: ReduceTask, plan: ReducePlan): ReduceCode & { readonly fixed: readonly string[] } {
  const [outer, inner] = [atLeast(OUTER_RANK, plan.outer), atLeast(1, plan.inner)]
  const list = paramList()
  const outerAt = list.addAll('outer', outer.extents)
  const innerAt = list.addAll('inner', inner.extents)
  const placed = task.inputs.map(({ view }, i) => ({
    base: list.add('offset', view.offset),
    outer: list.addAll('stride', outer.strides[i] as readonly number[]),
    inner: list.addAll('innerStride', inner.strides[i] as readonly number[]),
  }))
  const constants = constantParams(nodesOf([task.expression]), list)
  const names = named('element', list)
  const place = (axis: number): number => {
    const at = outer.place.get(axis)
    if (at !== undefined) return at
    const within = inner.place.get(axis)
    return within === undefined ? -1 : outer.extents.length + within
  }
  const code = expressionsKey([task.expression], place)
  const origins = task.inputs.map((_, i) => `origin${i}`)
  const indices = [...outer.place.values()].map((at) => `index${at}`)
  const fixed = [...origins, ...indices]
  return {
    fixed,
    key: `${task.accumulator}|${outer.extents.length},${inner.extents.length}|${code}`,
    paramNames: names,
    params: list.values,
    bind(k, params, buffers) {
      const p = valuesOf(names, params)
      const at = (i: number): Value => p[i] as Value
      const ofOutput = (name: string, value: (axes: readonly Value[]) => Value): KernelFunction =>
        k.func(name, [{ name: 'output', type: 'i32' }], (output) =>
          value(decompose(k, output as Value, outerAt.map(at))),
        )
      const functions: Record<string, KernelFunction> = {}
      placed.forEach(({ base, outer: o }, i) => {
        functions[`origin${i}`] = ofOutput(`origin${i}`, (axes) => offsetAt(at(base), axes, o.map(at)))
      })
      for (const axis of outer.place.values()) {
        functions[`index${axis}`] = ofOutput(`index${axis}`, (axes) => axes[axis] as Value)
      }
      const args = [...fixed, 'i'].map((name) => ({ name, type: 'i32' }) as const)
      const element = k.func('element', args, (...given) => {
        const known = Object.fromEntries(args.map(({ name }, i) => [name, given[i] as Value]))
        const within = decompose(k, known.i as Value, innerAt.map(at))
        const memo: Memo = new Map(constants(p))
        const leaf = (node: Expression): Value => {
          if (node.kind === 'input') {
            const { inner: n } = placed[node.index] as (typeof placed)[number]
            const index = offsetAt(known[`origin${node.index}`] as Value, within, n.map(at))
            return k.load(buffers[`in${node.index}`] as BufferRef, index)
          }
          if (node.kind !== 'index') throw new KernelTypeError(task.label, 'an input or an index', node.kind)
          const axis = place(node.axis)
          const index = axis < outer.extents.length ? known[`index${axis}`] : within[axis - outer.extents.length]
          return indexValue(axis < 0 ? v.i32(0) : (index as Value), node.dtype)
        }
        return v.convert(evaluate(k, task.expression, memo, leaf), task.accumulator)
      })
      return { ...functions, element }
    },
  }
}

/**
 * `locate(output)`: where an output is stored, and `finish(value, at)`: what is stored there, after the epilogue, whose
 * operands are the buffers extra0, extra1, ...
 */
export function finishCode(task: ReduceTask, plan: ReducePlan): ReduceCode {
  const outer = atLeast(OUTER_RANK, plan.outer)
  const list = paramList()
  const outerAt = list.addAll('outer', outer.extents)
  const base = list.add('offset', task.output.view.offset)
  const strides = list.addAll('stride', outer.strides[task.inputs.length] as readonly number[])
  const factor = factorOf(task)
  const factorAt = factor === null ? -1 : list.addFloat('factor', factor)
  const epilogue: EpilogueCode | null = factor === null && task.finishes ? epilogueCode(task.finishes, list) : null
  const names = named('finish', list)
  return {
    key: `${outer.extents.length}|${factor === null ? (epilogue?.key ?? '') : 'factor'}`,
    paramNames: names,
    params: list.values,
    bind(k, params, buffers) {
      const p = valuesOf(names, params)
      const at = (i: number): Value => p[i] as Value
      const apply = epilogue?.bind(
        k,
        p,
        extraInputs(task).map((_, i) => buffers[`extra${i}`] as BufferRef),
      )
      const locate = k.func('locate', [{ name: 'output', type: 'i32' }], (output) =>
        offsetAt(at(base), decompose(k, output as Value, outerAt.map(at)), strides.map(at)),
      )
      const args = [
        { name: 'value', type: task.accumulator },
        { name: 'at', type: 'i32' },
      ] as const
      const type = computeTypeOf(task.output.dtype)
      const finish = k.func('finish', args, (value, place) => {
        if (factorAt >= 0) return v.convert(v.mul(value as Value, v.bitcast(at(factorAt), 'f32')), type)
        const result = v.convert(value as Value, type)
        return apply ? v.convert(apply(k.let(result), place as Value, 1), type) : result
      })
      return { locate, finish }
    },
  }
}

/** By what a sum of floats is multiplied where nothing else follows it: a mean is a sum, and a sum one by 1. */
function factorOf({ combine, accumulator, finishes }: ReduceTask): number | null {
  if (combine !== 'sum' || accumulator !== 'f32') return null
  const after = finishes?.epilogue?.expression
  if (!after) return 1
  if (after.kind !== 'apply' || after.record.name !== 'mul') return null
  const [sum, factor] = after.args
  return sum?.kind === 'input' && sum.index === 0 && factor?.kind === 'constant' ? factor.value : null
}

/** The operands of a task's epilogue. */
export function extraInputs({ finishes }: ReduceTask): readonly Operand[] {
  return finishes?.epilogue ? finishes.inputs.slice(finishes.epilogue.from) : []
}
