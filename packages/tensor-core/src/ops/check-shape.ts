import { ShapeError } from '../errors.js'
import { formatShape, type Shape, sizeOf } from '../shape.js'

/** Refuses shapes with extents that are negative, fractional, or too many elements to count in 32 bits. */
export function checkShape(where: string, shape: Shape): void {
  if (shape.some((n) => !Number.isInteger(n) || n < 0))
    throw new ShapeError(where, 'whole extents >= 0', formatShape(shape))
  if (sizeOf(shape) > 0x7fffffff) throw new ShapeError(where, 'at most 2^31 - 1 elements', formatShape(shape))
}
