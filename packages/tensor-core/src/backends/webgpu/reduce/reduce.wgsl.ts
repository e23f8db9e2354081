import type { ReduceTask } from '../../../codegen/plan-reduce.js'
import { floatBits } from '../../../float-bits.js'
import { orderKey } from '../../../wgsl/order-key.js'
import { defineWgsl, type WgslBuffer, type WgslSource } from '../../../wgsl/wgsl-source.js'
import type { elementCode, ReduceCode } from './reduce-code.js'
import { INVOCATIONS, outputsAtOnce, type ReduceShape } from './reduce-shape.js'

/** Elements that an invocation joins before they go to its total, so that a sum's error does not grow with the row. */
const BLOCK = 64

/** What one pass of a reduction reads and writes. */
export interface ReducePass {
  readonly task: ReduceTask
  readonly shape: ReduceShape
  readonly element: ReturnType<typeof elementCode>
  readonly finish: ReduceCode
  /** in0, in1, ... and extra0, extra1, ... are read, y is written. */
  readonly buffers: readonly WgslBuffer[]
  readonly outputs: number
  readonly elements: number
  /** Of partial results, where y or in0 is the workspace. */
  readonly workspaceBytes?: number
}

const OWN = ['outputs', 'elements', 'chunks', 'perChunk', 'span', 'least', 'identity', 'flip']

/**
 * Sums, maxima and minima of an expression by workgroups. The parts of an output lie side by side in y. Integers are exact; maxima
 * and minima of floats are those of their keys, which order NaN too. What is a maximum or a minimum, of which length, along rows
 * or columns, is told by parameters: one pipeline an expression. The naive version is `codegen/reduce-kernel.ts`.
 */
export function reduceWgsl(pass: ReducePass): WgslSource {
  const { task, shape, element, finish, workspaceBytes } = pass
  const { combine, accumulator } = task
  const codes = [element, finish]
  const keyed = combine !== 'sum'
  const ends = pass.buffers.map(({ name, unused }) => (unused ? '' : name))
  const variant = [keyed ? 'ends' : 'sum', ends, element.key, finish.key, accumulator].join('|')
  const identity = accumulator === 'f32' ? floatBits(task.identity) : task.identity
  return defineWgsl({
    variant: () => variant,
    paramNames: [...OWN, ...codes.flatMap(({ paramNames }) => paramNames)],
    params: () => [
      pass.outputs,
      pass.elements,
      shape.chunks,
      shape.perChunk,
      shape.span,
      shape.least,
      identity,
      combine === 'min' ? -1 : 0,
      ...codes.flatMap(({ params }) => [...params]),
    ],
    groups: () => Math.ceil(pass.outputs / outputsAtOnce(shape)) * shape.chunks,
    ...(workspaceBytes === undefined ? {} : { workspace: () => workspaceBytes }),
    buffers: pass.buffers,
    functions: (k, { buffers, params }) => Object.assign({}, ...codes.map((code) => code.bind(k, params, buffers))),
    text({ p, store, call }) {
      const type = keyed ? 'i32' : (accumulator as 'f32' | 'i32' | 'u32')
      // A minimum is a maximum of the keys from the other end; NaN comes after everything either way.
      const keyOf = (value: string): string => (keyed ? `order_key(${value}, ${p('flip')})` : value)
      const join = (a: string, b: string): string => (keyed ? `max(${a}, ${b})` : `${a} + ${b}`)
      const value = `${call('element')}(${[...element.fixed, 'i'].join(', ')})`
      const result = keyed ? `from_key(total, ${p('flip')})` : 'total'
      return {
        workgroupSize: INVOCATIONS,
        declarations: `${keyed ? orderKey(accumulator as 'f32', 'last') : ''}var<workgroup> shared_parts: array<${type}, ${INVOCATIONS}>;
`,
        body: `  let span = ${p('span')};
  let least = ${p('least')};
  let lanes = span / least;
  let output = (group / ${p('chunks')}) * (${INVOCATIONS} / lanes) + (lid / span) * least + lid % least;
  let place = lid % span;
  let slice = place / least;
  let begin = (group % ${p('chunks')}) * ${p('perChunk')};
  let end = select(0, min(${p('elements')}, begin + ${p('perChunk')}), output < ${p('outputs')});
${element.fixed.map((name) => `  let ${name} = ${call(name)}(output);`).join('\n')}
  let nothing = ${keyOf(`bitcast<${accumulator}>(${p('identity')})`)};
  var own = nothing;
  for (var block = begin + slice; block < end; block += lanes * ${BLOCK}) {
    var part = nothing;
    let stop = min(end, block + lanes * ${BLOCK});
    for (var i = block; i < stop; i += lanes) { part = ${join('part', keyOf(value))}; }
    own = ${join('own', 'part')};
  }
  shared_parts[lid] = own;
  workgroupBarrier();
  for (var half = span / 2; half >= least; half = half / 2) {
    if (place < half) { shared_parts[lid] = ${join('shared_parts[lid]', 'shared_parts[lid + half]')}; }
    workgroupBarrier();
  }
  if (slice == 0 && output < ${p('outputs')}) {
    let total = shared_parts[lid];
    let at = ${call('locate')}(output) + group % ${p('chunks')};
    ${store('y', 'at', `${call('finish')}(${result}, at)`)}
  }`,
      }
    },
  })
}
