import { dtypeName, isInteger } from '../dtype.js'
import { DTypeError } from '../errors.js'
import { apply } from '../graph/apply.js'
import type { Tensor } from '../graph/tensor.js'
import { asTensor, type TensorLike } from '../graph/tensor-like.js'
import { cast } from './cast.js'
import { boxParams, buildBox, checkBox, dynamicSlice, forBox } from './dynamic-slice.js'
import { zerosLike } from './full.js'
import type { HostValue, KernelLaunch, OpaqueRecord, TensorSpec } from './op-record.js'

/** A box overwritten at a place only known when the program runs: how a cache grows, in place where it can. */
export const dynamicUpdateSliceRecord: OpaqueRecord<undefined> = {
  kind: 'opaque',
  name: 'dynamicUpdateSlice',
  moves: [0, 1],
  updates: { 0: 0 },
  infer(inputs) {
    const [x, update, starts] = inputs as [TensorSpec, TensorSpec, TensorSpec]
    checkBox('dynamicUpdateSlice', x, update.shape, starts)
    if (update.dtype !== x.dtype) {
      throw new DTypeError('dynamicUpdateSlice', `an update of ${dtypeName(x.dtype)}`, dtypeName(update.dtype))
    }
    return [x]
  },
  reference(inputs) {
    const [x, update, starts] = inputs as [HostValue, HostValue, HostValue]
    const y = Float64Array.from(x.values)
    forBox(x.shape, update.shape, starts.values, (inBox, inWhole) => {
      y[inWhole] = update.values[inBox] as number
    })
    return [y]
  },
  kernel: {
    variant: ({ inputs }: KernelLaunch<undefined>) => `${inputs[0]?.view.shape.length}`,
    params: ({ inputs }: KernelLaunch<undefined>) =>
      boxParams(inputs[0]?.view.shape ?? [], inputs[1]?.view.shape ?? []),
    build(k, { inputs, variant }) {
      const dtype = inputs[0]?.dtype as 'float32'
      k.buffer('x', dtype, 'read') // y starts as a copy of it
      const update = k.buffer('update', dtype, 'read')
      const starts = k.buffer('starts', 'int32', 'read')
      const y = k.buffer('y', dtype, 'readwrite')
      buildBox(k, Number(variant), starts, (inBox, inWhole, lanes) =>
        k.store(y, inWhole, lanes === 1 ? k.load(update, inBox) : k.loadVector(update, inBox)),
      )
    },
  },
  vjp: ({ dy, inputs: [, update, starts] }) => {
    const [box, at] = [update as Tensor, starts as Tensor]
    return [dynamicUpdateSlice(dy, zerosLike(box), at), dynamicSlice(dy, at, box.shape), null]
  },
}

/** x with `update` written at `starts` (int32 [rank]), pulled inside x where it would stick out. */
export function dynamicUpdateSlice(x: TensorLike, update: TensorLike, starts: TensorLike): Tensor {
  const at = asTensor(starts)
  if (!isInteger(at.dtype)) throw new DTypeError('dynamicUpdateSlice', 'integer starts', dtypeName(at.dtype))
  return apply(dynamicUpdateSliceRecord, [asTensor(x), asTensor(update), cast(at, 'int32')], undefined)
}
