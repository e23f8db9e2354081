import type { ReduceTask } from '../../../codegen/plan-reduce.js'
import type { ScalarDType } from '../../../dtype.js'
import { orderKey } from '../../../wgsl/order-key.js'
import { reduceWorkgroup } from '../../../wgsl/reduce-workgroup.js'
import { defineWgsl, type GpuTraits, type WgslBuffer, type WgslSource } from '../../../wgsl/wgsl-source.js'
import { literal } from '../wgsl-operators.js'
import type { ReduceCode } from './reduce-code.js'
import { INVOCATIONS, type ReduceShape } from './reduce-shape.js'

/** Elements that an invocation joins before they go to its total, so that a sum's error does not grow with the row. */
const BLOCK = 64

/** What one pass of a reduction reads and writes. */
export interface ReducePass {
  readonly task: ReduceTask
  readonly shape: ReduceShape
  /** What it combines; null: the partial results in the workspace. */
  readonly element: ReduceCode | null
  /** How results are stored; null: as partial results. */
  readonly finish: ReduceCode | null
  readonly buffers: readonly WgslBuffer[]
  readonly outputs: number
  readonly elements: number
  readonly workspaceBytes: number
}

const PARTIAL_DTYPE = { f32: 'float32', i32: 'int32', u32: 'uint32', bool: 'int32' } as const satisfies Record<
  string,
  ScalarDType
>

/**
 * Sums, maxima and minima of an expression by workgroups. Partial results are [outputs, chunks]. Integers are exact; maxima
 * and minima of floats are those of their keys, which order NaN too. The naive version is `codegen/reduce-kernel.ts`.
 */
export function reduceWgsl(pass: ReducePass): WgslSource {
  const { task, shape, element, finish } = pass
  const { combine, accumulator } = task
  const codes = [element, finish].filter((code) => code !== null)
  const partial = !element || !finish
  const keyed = combine !== 'sum'
  const side = shape.outputs
  const wholeGroup = side === 1
  const variant = [
    combine,
    task.identity,
    shape.order,
    side,
    element?.key ?? 'parts',
    finish?.key ?? 'parts',
    accumulator,
  ].join('|')
  return defineWgsl({
    variant: () => variant,
    paramNames: ['outputs', 'elements', 'chunks', 'perChunk', ...codes.flatMap(({ paramNames }) => paramNames)],
    params: () => [
      pass.outputs,
      pass.elements,
      shape.chunks,
      shape.perChunk,
      ...codes.flatMap(({ params }) => [...params]),
    ],
    groups: () => Math.ceil(pass.outputs / side) * shape.chunks,
    ...(partial ? { workspace: () => pass.workspaceBytes } : {}),
    buffers: [
      ...pass.buffers,
      ...(partial
        ? [{ name: 'partials', access: element ? 'write' : 'read', dtype: PARTIAL_DTYPE[accumulator] } as const]
        : []),
    ],
    functions: (k, { buffers, params }) => Object.assign({}, ...codes.map((code) => code.bind(k, params, buffers))),
    text({ p, load, store, call, gpu }) {
      const type = keyed ? 'i32' : (accumulator as 'f32' | 'i32' | 'u32')
      const keys = keyed ? orderKey(accumulator as 'f32', combine === 'max' ? 'last' : 'first').declarations : ''
      const options = shape.order === 'column' ? { across: side } : { team: INVOCATIONS / side }
      const reduction = reduceWorkgroup(combine, INVOCATIONS, gpu, { type, ...options })
      const keyOf = (value: string): string => (keyed ? `order_key(${value})` : value)
      const join = (a: string, b: string): string => (keyed ? `${combine}(${a}, ${b})` : `${a} + ${b}`)
      const value = element ? `${call('element')}(output, i)` : load('partials', `output * ${p('elements')} + i`)
      const lanes = INVOCATIONS / side
      const [which, slice] =
        shape.order === 'column' ? [`lid % ${side}`, `lid / ${side}`] : [`lid / ${lanes}`, `lid % ${lanes}`]
      const result = keyed ? 'from_key(total)' : 'total'
      const write = finish
        ? `let at = ${call('locate')}(output);
    ${store('y', 'at', `${call('finish')}(${result}, at)`)}`
        : store('partials', `output * ${p('chunks')} + group % ${p('chunks')}`, result)
      return {
        workgroupSize: INVOCATIONS,
        usesSubgroups: usesSubgroups(gpu, wholeGroup),
        declarations: keys + reduction.declarations,
        body: `  let output = (group / ${p('chunks')}) * ${side} + ${which};
  let slice = ${slice};
  let begin = (group % ${p('chunks')}) * ${p('perChunk')};
  let end = select(0, min(${p('elements')}, begin + ${p('perChunk')}), output < ${p('outputs')});
  let nothing = ${keyOf(literal(accumulator, task.identity))};
  var own = nothing;
  for (var block = begin + slice; block < end; block += ${lanes * BLOCK}) {
    var part = nothing;
    let stop = min(end, block + ${lanes * BLOCK});
    for (var i = block; i < stop; i += ${lanes}) { part = ${join('part', keyOf(value))}; }
    own = ${join('own', 'part')};
  }
${reduction.statements('own', 'total')}
  if (slice == 0 && output < ${p('outputs')}) {
    ${write}
  }`,
      }
    },
  })
}

const usesSubgroups = (gpu: GpuTraits, wholeGroup: boolean): boolean => gpu.subgroups && wholeGroup
