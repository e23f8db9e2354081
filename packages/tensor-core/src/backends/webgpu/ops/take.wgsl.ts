import { computeTypeOf, isFloat, type ScalarDType, type StoredDType } from '../../../dtype.js'
import type { KernelLaunch, KernelOperand } from '../../../ops/op-record.js'
import { rowsAround } from '../../../ops/rows.js'
import { outOfRangeBits } from '../../../ops/take.js'
import { sizeOf } from '../../../shape.js'
import { defineWgsl } from '../../../wgsl/wgsl-source.js'

type Attributes = { readonly axis: number }

const INVOCATIONS = 256

function problem({ inputs: [x, indices], attributes: { axis } }: KernelLaunch<Attributes>) {
  const { dtype, view } = x as KernelOperand
  const { outer, n, inner } = rowsAround(view.shape, axis)
  const count = sizeOf((indices as KernelOperand).view.shape)
  // An empty buffer is one word long: too short for a vector.
  const wide = n > 0 && isFloat(dtype as ScalarDType) && inner % 4 === 0 ? 4 : 1
  const pieces = inner / wide
  return { n, inner, count, wide, pieces, size: outer * count * pieces }
}

/** An invocation an element, or four: neighbours read neighbours. The naive version is the kernel of `ops/take.ts`. */
export const takeWgsl = defineWgsl<Attributes>({
  variant: (launch) => `${problem(launch).wide}`,
  paramNames: ['n', 'inner', 'count', 'pieces', 'size', 'missing'],
  params(launch) {
    const { n, inner, count, pieces, size } = problem(launch)
    return [n, inner, count, pieces, size, outOfRangeBits((launch.inputs[0] as KernelOperand).dtype)]
  },
  groups: (launch) => Math.ceil(problem(launch).size / INVOCATIONS),
  buffers: [
    { name: 'x', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  vectors: (launch) => (problem(launch).wide === 4 ? ['x', 'y'] : []),
  moved: (launch) => (problem(launch).wide === 4 ? [] : ['x', 'y']),
  text({ p, load, load4, store, store4, variant, inputs }) {
    const four = variant === '4'
    const missing = `bitcast<${computeTypeOf(inputs[0]?.dtype as StoredDType)}>(${p('missing')})`
    const from = `((row / ${p('count')}) * ${p('n')} + index) * ${p('inner')} + i`
    return {
      workgroupSize: INVOCATIONS,
      body: `  let e = group * ${INVOCATIONS} + lid;
  if (e < ${p('size')}) {
    let row = e / ${p('pieces')};
    let i = (e % ${p('pieces')}) * ${variant};
    let index = ${load('indices', `row % ${p('count')}`)};
    var value = ${four ? `vec4<f32>(${missing})` : missing};
    if (index >= 0 && index < ${p('n')}) { value = ${four ? load4('x', from) : load('x', from)}; }
    ${four ? store4('y', 'e * 4', 'value') : store('y', 'e', 'value')}
  }`,
    }
  },
})
