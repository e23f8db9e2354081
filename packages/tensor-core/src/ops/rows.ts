import type { Shape } from '../shape.js'
import { sizeOf } from '../shape.js'

/** A contiguous tensor seen as [outer, n, inner] around an axis. */
export interface Rows {
  readonly outer: number
  readonly n: number
  readonly inner: number
}

export function rowsAround(shape: Shape, axis: number): Rows {
  return { outer: sizeOf(shape.slice(0, axis)), n: shape[axis] as number, inner: sizeOf(shape.slice(axis + 1)) }
}
