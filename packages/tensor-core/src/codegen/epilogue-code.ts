import { dtypeName, type ScalarDType } from '../dtype.js'
import { KernelTypeError } from '../errors.js'
import * as v from '../kernel/expressions.js'
import type { KernelBuilder } from '../kernel/kernel-builder.js'
import type { BufferRef, Value } from '../kernel/value.js'
import { epilogueReach } from '../schedule/epilogue.js'
import { nodesOf } from '../schedule/expression-nodes.js'
import type { Operand, OpLaunch, ReduceLaunch } from '../schedule/program.js'
import { constantParams, evaluate, type Memo } from './expression-values.js'
import type { ParamList } from './param-list.js'
import { expressionsKey } from './structure-key.js'

/**
 * What is stored in place of `value`, the result for the output's element(s) from `at` on. `column`: the index of the first
 * of them along the last axis, where the caller has it.
 */
export type ApplyEpilogue = (value: Value, at: Value, lanes: number, column?: Value) => Value

export interface EpilogueCode {
  /** Tells its code apart. */
  readonly key: string
  /** Operations an element. */
  readonly work: number
  /** `params`: the values of the list's parameters; `buffers`: those of the launch's inputs from `from` on. */
  bind(k: KernelBuilder, params: readonly Value[], buffers: readonly BufferRef[]): ApplyEpilogue
}

/** The code of a launch's epilogue, whose parameters are added to `params`; null where there is none. */
export function epilogueCode(launch: ReduceLaunch | OpLaunch, params: ParamList): EpilogueCode | null {
  if (!launch.epilogue) return null
  const { expression, from } = launch.epilogue
  const output = launch.kind === 'reduce' ? launch.output : (launch.outputs[0] as Operand)
  const nodes = nodesOf([expression])
  const operands = launch.inputs.slice(from).map(({ dtype, view }) => {
    const reach = epilogueReach(view)
    if (reach === null) throw new KernelTypeError(launch.label, 'an operand of an epilogue', `strides ${view.strides}`)
    return { dtype: dtype as ScalarDType, reach, offsetAt: params.add('epilogueOffset', view.offset) }
  })
  const columnsAt = params.add('epilogueColumns', Math.max(1, output.view.shape.at(-1) ?? 1))
  const constants = constantParams(nodes, params)
  const reaches = operands.map(({ dtype, reach }) => `${dtypeName(dtype)}:${reach}`)
  return {
    key: `${reaches}|${expressionsKey([expression], () => -1)}`,
    work: nodes.length,
    bind: (k, declared, buffers) => (value, at, lanes, column) => {
      const memo: Memo = new Map()
      for (const [node, constant] of constants(declared)) memo.set(node, v.splat(constant, lanes))
      let inRow = column
      const place = (reach: (typeof operands)[number]['reach']): Value => {
        if (reach === 'element') return at
        inRow ??= k.let(v.rem(at, declared[columnsAt] as Value), 'column')
        return inRow
      }
      return evaluate(k, expression, memo, (node) => {
        if (node.kind !== 'input') throw new KernelTypeError(launch.label, 'an input', node.kind)
        if (node.index === 0) return value
        const { reach, offsetAt } = operands[node.index - 1] as (typeof operands)[number]
        const buffer = buffers[node.index - 1] as BufferRef
        const offset = declared[offsetAt] as Value
        if (reach === 'one') return v.splat(k.load(buffer, offset), lanes)
        const index = v.add(offset, place(reach))
        return lanes > 1 ? k.loadVector(buffer, index) : k.load(buffer, index)
      })
    },
  }
}
