import * as v from '../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { expNonPositive } from './exp-nonpositive.js'
import { loadLanes, mapRow, rowsOf } from './row-kernel.js'

const kernel: KernelSource<{ readonly ignoreIndex: number }> = {
  params: ({ inputs, attributes }) => [...rowsOf(inputs[0] as KernelOperand), attributes.ignoreIndex],
  build(k) {
    const logits = k.buffer('logits', 'float32', 'read')
    const targets = k.buffer('targets', 'int32', 'read')
    const lse = k.buffer('lse', 'float32', 'read')
    const scale = k.buffer('scale', 'float32', 'read')
    const dLogits = k.buffer('dLogits', 'float32', 'readwrite')
    const [rows, columns, ignored] = [k.param('rows'), k.param('columns'), k.param('ignored')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const target = k.let(k.load(targets, row))
      k.if(
        v.eq(target, ignored),
        () => mapRow(k, columns, (at, lanes) => k.store(dLogits, at(base), v.splat(v.f32(0), lanes))),
        () => {
          const [total, factor] = [k.let(k.load(lse, row)), k.let(k.load(scale, row))]
          mapRow(k, columns, (at, lanes) => {
            const power = expNonPositive(k, k.let(v.sub(loadLanes(logits, at(base), lanes), total)))
            k.store(dLogits, at(base), v.mul(power, factor))
          })
          // The power of the target comes back from its product: p f - f = (p - 1) f up to rounding.
          k.if(v.and(v.ge(target, 0), v.lt(target, columns)), () => {
            const hot = k.let(v.add(base, target))
            k.store(dLogits, hot, v.sub(k.load(dLogits, hot), factor))
          })
        },
      )
    })
  },
}

export default kernel
