import { ArgumentError } from '../errors.js'
import type { Shape } from '../shape.js'

/** A possibly negative axis as 0..rank-1. Throws ArgumentError. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  if (rank === 0) throw new ArgumentError(where, 'a tensor with axes', `a scalar and axis ${axis}`)
  const index = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || index < 0 || index >= rank) {
    throw new ArgumentError(where, `an axis from ${-rank} to ${rank - 1}`, `${axis}`)
  }
  return index
}

/** Axes in ascending order, each once; all of them if none is given. Throws ArgumentError. */
export function normalizeAxes(where: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normalizeAxis(where, axis, rank))
  if (new Set(list).size !== list.length) throw new ArgumentError(where, 'distinct axes', `[${list.join(', ')}]`)
  return list.sort((a, b) => a - b)
}

/** The shape with `axes` (sorted) taken out, or set to 1. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  return keepDims
    ? shape.map((n, axis) => (axes.includes(axis) ? 1 : n))
    : shape.filter((_, axis) => !axes.includes(axis))
}
