import type { Shape } from '../shape.js'
import type { View } from '../view.js'

/** Axes after merging: fewer, longer, and in the order in which a kernel walks them (outermost first). */
export interface CollapsedAxes {
  readonly extents: readonly number[]
  /** `strides[operand][axis]`. */
  readonly strides: readonly (readonly number[])[]
  /** Where a pinned axis ended up; axes of extent 1 are gone. */
  readonly place: ReadonlyMap<number, number>
}

/**
 * Walks `axes` of `shape` in the given order, drops those of extent 1, and merges neighbours wherever every operand's
 * strides make the two one longer axis. Pinned axes stay by themselves: their index is read.
 */
export function collapseAxes(
  shape: Shape,
  axes: readonly number[],
  views: readonly View[],
  pinned: ReadonlySet<number>,
): CollapsedAxes {
  const extents: number[] = []
  const strides: number[][] = views.map(() => [])
  const place = new Map<number, number>()
  let open = false
  for (const axis of axes) {
    const extent = shape[axis] as number
    if (extent === 1) continue
    const last = extents.length - 1
    const merges =
      open &&
      !pinned.has(axis) &&
      views.every((view, v) => (strides[v] as number[])[last] === (view.strides[axis] as number) * extent)
    if (merges) {
      extents[last] = (extents[last] as number) * extent
      views.forEach((view, v) => {
        ;(strides[v] as number[])[last] = view.strides[axis] as number
      })
    } else {
      extents.push(extent)
      views.forEach((view, v) => {
        ;(strides[v] as number[]).push(view.strides[axis] as number)
      })
      if (pinned.has(axis)) place.set(axis, last + 1)
      open = !pinned.has(axis)
    }
  }
  return { extents, strides, place }
}

/** Axes from the largest stride of `view` to the smallest, broadcast axes first; ties keep their order. */
export function axesByStride(axes: readonly number[], view: View): number[] {
  const weight = (axis: number): number => Math.abs(view.strides[axis] as number) || Number.POSITIVE_INFINITY
  return [...axes].sort((a, b) => (weight(a) === weight(b) ? a - b : weight(b) - weight(a)))
}
