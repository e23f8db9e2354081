import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { sizeOf } from '../shape.js'
import { normalizeAxis } from './axes.js'
import { checkDomain } from './elementwise.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'
import { transpose } from './permute.js'
import { takeAlongAxis } from './take-along-axis.js'

type Attributes = { readonly descending: boolean }

/** Stable order along the last axis; NaN comes last either way. */
export const argsortRecord: OpaqueRecord<Attributes> = {
  kind: 'opaque',
  name: 'argsort',
  infer([x]) {
    const { shape, dtype } = x as TensorSpec
    checkDomain('argsort', 'number', dtype)
    return [{ shape, dtype: 'int32' }]
  },
  reference([x], { descending }) {
    const { values, shape } = x as HostValue
    const n = shape[shape.length - 1] as number
    const y = new Float64Array(values.length)
    for (let base = 0; base < values.length; base += n) {
      const order = Array.from({ length: n }, (_, i) => i)
      const at = (i: number) => values[base + i] as number
      order.sort((i, j) => {
        const [a, b] = [at(i), at(j)]
        if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - j
        return (descending ? b - a : a - b) || i - j
      })
      y.set(order, base)
    }
    return [y]
  },
  kernel: {
    params({ inputs, attributes }: KernelLaunch<Attributes>) {
      const shape = inputs[0]?.view.shape ?? []
      const n = shape[shape.length - 1] ?? 1
      return [n === 0 ? 0 : sizeOf(shape) / n, n, attributes.descending ? 1 : 0]
    },
    workspace: ({ inputs }: KernelLaunch<Attributes>) => sizeOf(inputs[0]?.view.shape ?? []) * 4,
    build(k, { inputs }) {
      const x = k.buffer('x', inputs[0]?.dtype as 'float32', 'read')
      const order = k.buffer('order', 'int32', 'readwrite')
      const spare = k.buffer('spare', 'int32', 'readwrite')
      const [rows, n, descending] = [k.param('rows'), k.param('n'), k.param('descending')]
      /** True if b must come before a, which stands before it: only then does a stable merge take b first. */
      const overtakes = (a: Value, b: Value) => {
        const before = v.select(v.ne(descending, 0), v.gt(b, a), v.lt(b, a))
        return a.type === 'f32' ? v.or(before, v.and(v.ne(a, a), v.eq(b, b))) : before
      }
      // Merge sort from runs of 1 upwards, each pass from `order` to `spare` and back.
      k.parallel(rows, (row) => {
        const base = k.let(v.mul(row, n))
        k.for(0, n, (i) => k.store(order, v.add(base, i), i))
        const width = k.variable(v.i32(1))
        k.while(
          () => v.lt(width.get(), n),
          () => {
            k.for(
              0,
              n,
              (start) => {
                const middle = k.let(v.min(v.add(start, width.get()), n))
                const end = k.let(v.min(v.add(middle, width.get()), n))
                const left = k.variable(start)
                const right = k.variable(middle)
                k.for(start, end, (to) => {
                  const fromLeft = k.variable(v.bool(true))
                  k.if(v.ge(left.get(), middle), () => fromLeft.set(v.bool(false)))
                  k.if(v.and(fromLeft.get(), v.lt(right.get(), end)), () => {
                    const a = k.let(k.load(x, v.add(base, k.load(order, v.add(base, left.get())))))
                    const b = k.let(k.load(x, v.add(base, k.load(order, v.add(base, right.get())))))
                    k.if(overtakes(a, b), () => fromLeft.set(v.bool(false)))
                  })
                  k.if(
                    fromLeft.get(),
                    () => {
                      k.store(spare, v.add(base, to), k.load(order, v.add(base, left.get())))
                      left.set(v.add(left.get(), 1))
                    },
                    () => {
                      k.store(spare, v.add(base, to), k.load(order, v.add(base, right.get())))
                      right.set(v.add(right.get(), 1))
                    },
                  )
                })
              },
              v.mul(width.get(), 2),
            )
            k.for(0, n, (i) => k.store(order, v.add(base, i), k.load(spare, v.add(base, i))))
            width.set(v.mul(width.get(), 2))
          },
        )
      })
    },
  },
  vjp: null,
}

/** Indices (int32) that put x in order along `axis`; equal elements keep their order, NaN comes last. */
export function argsort(
  x: TensorLike,
  options: { readonly axis?: number; readonly descending?: boolean } = {},
): Tensor {
  const tensor = asTensor(x)
  const axis = normalizeAxis('argsort', options.axis ?? -1, tensor.rank)
  const attributes = { descending: options.descending ?? false }
  if (axis === tensor.rank - 1) return apply(argsortRecord, [tensor], attributes)
  return transpose(apply(argsortRecord, [transpose(tensor, axis, -1)], attributes), axis, -1)
}

/** x in order along `axis`, equal elements in their old order, NaN last. */
export function sort(x: TensorLike, options: { readonly axis?: number; readonly descending?: boolean } = {}): Tensor {
  const tensor = asTensor(x)
  const axis = normalizeAxis('sort', options.axis ?? -1, tensor.rank)
  return takeAlongAxis(tensor, argsort(tensor, { ...options, axis }), axis)
}
