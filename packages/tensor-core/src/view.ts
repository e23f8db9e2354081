import { contiguousStrides, type Shape, sizeOf } from './shape.js'

/** How a tensor lies in a buffer: element (i0, i1, ...) stands at offset + sum(i * stride). All counted in elements. */
export interface View {
  readonly shape: Shape
  readonly strides: readonly number[]
  readonly offset: number
}

export function contiguousView(shape: Shape): View {
  return { shape, strides: contiguousStrides(shape), offset: 0 }
}

/** True if the view is the whole row-major buffer from element 0. Strides of axes of extent 1 do not matter. */
export function isContiguous(view: View): boolean {
  if (view.offset !== 0) return false
  const strides = contiguousStrides(view.shape)
  return sizeOf(view.shape) === 0 || view.shape.every((n, axis) => n === 1 || strides[axis] === view.strides[axis])
}

export function permuteView(view: View, order: readonly number[]): View {
  return {
    shape: order.map((axis) => view.shape[axis] as number),
    strides: order.map((axis) => view.strides[axis] as number),
    offset: view.offset,
  }
}

/** Broadcasts axes of extent 1 (and new leading axes) by stride 0. */
export function expandView(view: View, shape: Shape): View {
  const lead = shape.length - view.shape.length
  const strides = shape.map((extent, axis) => {
    const source = axis - lead
    if (source < 0) return 0
    return view.shape[source] === extent ? (view.strides[source] as number) : 0
  })
  return { shape, strides, offset: view.offset }
}

/** Elements start, start + step, ... along each axis; a negative step walks backwards. */
export function sliceView(view: View, starts: readonly number[], shape: Shape, steps: readonly number[]): View {
  let offset = view.offset
  const strides = view.strides.map((stride, axis) => {
    offset += (starts[axis] as number) * stride
    return stride * (steps[axis] as number)
  })
  return { shape, strides, offset }
}

/** The same elements under another shape without a copy, or null where strides do not allow it. */
export function reshapeView(view: View, shape: Shape): View | null {
  if (sizeOf(shape) === 0 || isContiguous(view)) return { ...contiguousView(shape), offset: view.offset }
  // Axes of extent 1 carry no stride; the rest is matched in groups of equal products (numpy's no-copy reshape).
  const from: { n: number; stride: number }[] = []
  view.shape.forEach((n, axis) => {
    if (n !== 1) from.push({ n, stride: view.strides[axis] as number })
  })
  const strides = new Array<number>(shape.length).fill(0)
  let source = 0
  let target = 0
  while (source < from.length && target < shape.length) {
    if (shape[target] === 1) {
      target++
      continue
    }
    const firstSource = source
    const firstTarget = target
    let a = (from[source++] as { n: number }).n
    let b = shape[target++] as number
    while (a !== b) {
      if (a < b) a *= (from[source++] as { n: number }).n
      else b *= shape[target++] as number
    }
    for (let i = firstSource; i < source - 1; i++) {
      const outer = from[i] as { n: number; stride: number }
      const inner = from[i + 1] as { n: number; stride: number }
      if (outer.stride !== inner.n * inner.stride) return null
    }
    let stride = (from[source - 1] as { stride: number }).stride
    for (let axis = target - 1; axis >= firstTarget; axis--) {
      strides[axis] = stride
      stride *= shape[axis] as number
    }
  }
  return { shape, strides, offset: view.offset }
}
