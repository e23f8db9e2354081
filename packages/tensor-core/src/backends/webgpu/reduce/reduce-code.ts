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

/** The axes, or one of extent 1 where there are none: the code is the same as that of one axis. */
function someAxes(axes: CollapsedAxes): CollapsedAxes {
  if (axes.extents.length > 0) return axes
  return { ...axes, extents: [1], strides: axes.strides.map(() => [0]) }
}

/**
 * `element(output, i)`: what a reduction combines, for element `i` of an output, both counted in row-major order of the plan's
 * axes. Inputs are the buffers in0, in1, ...
 */
export function elementCode(task: ReduceTask, plan: ReducePlan): ReduceCode {
  const [outer, inner] = [someAxes(plan.outer), someAxes(plan.inner)]
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
  return {
    key: `${task.accumulator}|${outer.extents.length},${inner.extents.length}|${code}`,
    paramNames: names,
    params: list.values,
    bind(k, params, buffers) {
      const p = valuesOf(names, params)
      const at = (i: number): Value => p[i] as Value
      const args = [
        { name: 'output', type: 'i32' },
        { name: 'i', type: 'i32' },
      ] as const
      const element = k.func('element', args, (output, i) => {
        const indices = decompose(k, output as Value, outerAt.map(at))
        const within = decompose(k, i as Value, innerAt.map(at))
        const memo: Memo = new Map(constants(p))
        const leaf = (node: Expression): Value => {
          if (node.kind === 'input') {
            const { base, outer: o, inner: n } = placed[node.index] as (typeof placed)[number]
            const index = offsetAt(offsetAt(at(base), indices, o.map(at)), within, n.map(at))
            return k.load(buffers[`in${node.index}`] as BufferRef, index)
          }
          if (node.kind !== 'index') throw new KernelTypeError(task.label, 'an input or an index', node.kind)
          const axis = place(node.axis)
          return indexValue(axis < 0 ? v.i32(0) : ([...indices, ...within][axis] as Value), node.dtype)
        }
        return v.convert(evaluate(k, task.expression, memo, leaf), task.accumulator)
      })
      return { element }
    },
  }
}

/**
 * `locate(output)`: where an output is stored, and `finish(value, at)`: what is stored there, after the epilogue, whose
 * operands are the buffers extra0, extra1, ...
 */
export function finishCode(task: ReduceTask, plan: ReducePlan): ReduceCode {
  const outer = someAxes(plan.outer)
  const list = paramList()
  const outerAt = list.addAll('outer', outer.extents)
  const base = list.add('offset', task.output.view.offset)
  const strides = list.addAll('stride', outer.strides[task.inputs.length] as readonly number[])
  const epilogue: EpilogueCode | null = task.finishes && epilogueCode(task.finishes, list)
  const names = named('finish', list)
  return {
    key: `${outer.extents.length}|${epilogue?.key ?? ''}`,
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
        const result = v.convert(value as Value, type)
        return apply ? v.convert(apply(k.let(result), place as Value, 1), type) : result
      })
      return { locate, finish }
    },
  }
}

/** The operands of a task's epilogue. */
export function extraInputs({ finishes }: ReduceTask): readonly Operand[] {
  return finishes?.epilogue ? finishes.inputs.slice(finishes.epilogue.from) : []
}
