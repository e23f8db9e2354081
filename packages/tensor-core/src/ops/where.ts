import { dtypeName } from '../dtype.js'
import { DTypeError, ShapeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import * as v from '../kernel/expressions.js'
import type { Value } from '../kernel/value.js'
import { formatShape, sameShape } from '../shape.js'
import { broadcast, broadcastShapes } from './broadcast.js'
import { expand } from './expand.js'
import { zerosLike } from './full.js'
import type { ElementwiseRecord } from './op-record.js'

/** a where the condition holds, b elsewhere. The gradient goes where the value came from. */
export const whereRecord: ElementwiseRecord<undefined> = {
  kind: 'elementwise',
  name: 'where',
  moves: [1, 2],
  infer([condition, a, b]) {
    if (!condition || !a || !b) throw new ShapeError('where', 'three operands', 'fewer')
    if (condition.dtype !== 'bool')
      throw new DTypeError('where', 'a bool condition', dtypeName(condition.dtype), 'Compare first, e.g. x.gt(0).')
    if (!sameShape(condition.shape, a.shape) || !sameShape(a.shape, b.shape)) {
      throw new ShapeError(
        'where',
        'operands of one shape',
        [condition, a, b].map((t) => formatShape(t.shape)).join(', '),
      )
    }
    return [{ shape: a.shape, dtype: a.dtype }]
  },
  reference: ([condition, a, b]) => (condition ? (a as number) : (b as number)),
  kernel: ([condition, a, b]) => v.select(condition as Value, a as Value, b as Value),
  vjp: ({ dy, inputs: [condition] }) => {
    const zero = zerosLike(dy)
    return [null, where(condition as Tensor, dy, zero), where(condition as Tensor, zero, dy)]
  },
}

/** Elementwise choice with broadcasting: a where `condition` (bool) holds, b elsewhere. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const [x, y] = broadcast('where', a, b) as [Tensor, Tensor]
  const c = asTensor(condition)
  const shape = broadcastShapes('where', c.shape, x.shape)
  return apply(whereRecord, [expand(c, shape), expand(x, shape), expand(y, shape)], undefined)
}
