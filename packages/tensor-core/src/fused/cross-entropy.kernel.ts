import * as v from '../kernel/expressions.js'
import type { KernelOperand, KernelSource } from '../ops/op-record.js'
import { logsumexpRow } from './logsumexp-row.js'
import { rowsOf } from './row-kernel.js'

/** Loss and logsumexp of each row; the logits are read from memory once and nothing of their size is written. */
const kernel: KernelSource<{ readonly ignoreIndex: number }> = {
  params: ({ inputs, attributes }) => [...rowsOf(inputs[0] as KernelOperand), attributes.ignoreIndex],
  build(k) {
    const logits = k.buffer('logits', 'float32', 'read')
    const targets = k.buffer('targets', 'int32', 'read')
    const loss = k.buffer('loss', 'float32', 'write')
    const lse = k.buffer('lse', 'float32', 'write')
    const [rows, columns, ignored] = [k.param('rows'), k.param('columns'), k.param('ignored')]
    k.parallel(rows, (row) => {
      const base = k.let(v.mul(row, columns))
      const total = logsumexpRow(k, logits, base, columns)
      k.store(lse, row, total)
      const target = k.let(k.load(targets, row))
      const value = k.variable(v.f32(0), 'loss')
      k.if(v.ne(target, ignored), () => {
        value.set(v.f32(Number.NaN))
        k.if(v.and(v.ge(target, 0), v.lt(target, columns)), () =>
          value.set(v.sub(total, k.load(logits, v.add(base, target)))),
        )
      })
      k.store(loss, row, value.get())
    })
  },
}

export default kernel
