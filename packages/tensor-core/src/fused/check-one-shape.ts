import { ShapeError } from '../errors.js'
import type { Tensor } from '../graph/tensor.js'
import { formatShape, sameShape } from '../shape.js'

/** Refuses tensors of different shapes: fused kernels do not broadcast. */
export function checkOneShape(where: string, ...tensors: readonly Tensor[]): void {
  const { shape } = tensors[0] as Tensor
  if (tensors.every((t) => sameShape(t.shape, shape))) return
  throw new ShapeError(where, 'operands of one shape', tensors.map((t) => formatShape(t.shape)).join(' and '))
}
