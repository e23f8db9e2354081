import { computeTypeOf } from '../dtype.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import { normalizeAxis } from './axes.js'
import { cast } from './cast.js'
import { checkDomain } from './elementwise.js'
import { flip } from './flip.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { rowsAround } from './rows.js'

type Attributes = { readonly axis: number }

/** Running sum along an axis. */
export const cumsumRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'cumsum',
  infer([x]) {
    checkDomain('cumsum', 'number', (x as TensorSpec).dtype)
    return [x as TensorSpec]
  },
  reference([x], { axis }) {
    const { values, shape } = x as HostValue
    const { n, inner } = rowsAround(shape, axis)
    const y = Float64Array.from(values)
    for (let at = 0; at < y.length; at++) {
      if (Math.floor(at / inner) % n > 0) y[at] = (y[at] as number) + (y[at - inner] as number)
    }
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const { outer, n, inner } = rowsAround(inputs[0]?.view.shape ?? [], attributes.axis)
      return [outer, n, inner]
    },
    build(k, { inputs }) {
      const dtype = inputs[0]?.dtype as 'float32'
      const x = k.buffer('x', dtype, 'read')
      const y = k.buffer('y', dtype, 'write')
      const [outer, n, inner] = [k.param('outer'), k.param('n'), k.param('inner')]
      k.parallel(v.mul(outer, inner), (column) => {
        const base = k.let(v.add(v.mul(v.div(column, inner), v.mul(n, inner)), v.rem(column, inner)))
        const total = k.variable(v.constant(computeTypeOf(dtype), 0))
        k.for(0, n, (j) => {
          const at = k.let(v.add(base, v.mul(j, inner)))
          total.set(v.add(total.get(), k.load(x, at)))
          k.store(y, at, total.get())
        })
      })
    },
  },
  vjp: ({ dy, attributes: { axis } }) => [flip(cumsum(flip(dy, axis), axis), axis)],
}

/** y[i] = x[0] + ... + x[i] along `axis`; bools count in int32. */
export function cumsum(x: TensorLike, axis = -1): Tensor {
  const tensor = asTensor(x)
  const operand = tensor.dtype === 'bool' ? cast(tensor, 'int32') : tensor
  return apply(cumsumRecord, [operand], { axis: normalizeAxis('cumsum', axis, tensor.rank) })
}
