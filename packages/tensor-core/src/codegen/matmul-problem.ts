import type { KernelOperand } from '../ops/op-record.js'

/** An operand's place: element (batch, row, column) at offset + sum(batch * stride) + row * rowStride + column * columnStride. */
export interface MatmulOperand {
  readonly batch: readonly number[]
  readonly row: number
  readonly column: number
  readonly offset: number
}

/** C[batch, M, N] (+)= A[batch, M, K] B[batch, K, N], as few batch axes as the strides allow. */
export interface MatmulProblem {
  readonly batch: readonly number[]
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: MatmulOperand
  readonly b: MatmulOperand
  readonly c: MatmulOperand
  /** Add to C instead of overwriting it: a later part of a long depth. */
  readonly add: boolean
}

function operand({ view }: KernelOperand): MatmulOperand {
  const [row, column] = view.strides.slice(-2) as [number, number]
  return { batch: view.strides.slice(0, -2), row, column, offset: view.offset }
}

/**
 * The problem of a launch: axes of extent 1 dropped, batch axes merged where strides let two walk as one, and, where one
 * B serves consecutive batches, their rows joined into one taller A.
 */
export function matmulProblem(inputs: readonly KernelOperand[], output: KernelOperand): MatmulProblem {
  const [aOperand, bOperand] = inputs as [KernelOperand, KernelOperand]
  const extents = aOperand.view.shape.slice(0, -2)
  const [m, k] = aOperand.view.shape.slice(-2) as [number, number]
  const n = bOperand.view.shape.at(-1) as number
  const a = operand(aOperand)
  const b = operand(bOperand)
  const c = operand(output)

  const axes: { extent: number; a: number; b: number; c: number }[] = []
  for (const [i, extent] of extents.entries()) {
    if (extent === 1) continue
    const axis = { extent, a: a.batch[i] as number, b: b.batch[i] as number, c: c.batch[i] as number }
    const outer = axes.at(-1)
    if (outer && outer.a === axis.a * extent && outer.b === axis.b * extent && outer.c === axis.c * extent) {
      axes[axes.length - 1] = { ...axis, extent: outer.extent * extent }
    } else axes.push(axis)
  }
  let rows = m
  let [rowStride, cRow] = [a.row, c.row]
  const last = axes.at(-1)
  if (last && last.b === 0 && (rows === 1 || (last.a === rows * rowStride && last.c === rows * cRow))) {
    if (rows === 1) [rowStride, cRow] = [last.a, last.c]
    rows *= last.extent
    axes.pop()
  }
  const batchOf = (key: 'a' | 'b' | 'c'): number[] => axes.map((axis) => axis[key])
  return {
    batch: axes.map((axis) => axis.extent),
    m: rows,
    n,
    k,
    a: { ...a, batch: batchOf('a'), row: rowStride },
    b: { ...b, batch: batchOf('b') },
    c: { ...c, batch: batchOf('c'), row: cRow, column: 1 },
    add: false,
  }
}

/** Elements of an operand that are different: an axis walked with stride 0 repeats them. */
export function distinctBatches(batch: readonly number[], strides: readonly number[]): number {
  return batch.reduce((count, extent, i) => (strides[i] === 0 ? count : count * extent), 1)
}

/**
 * The problem in parts that each `fit`, in order: halves of the outermost batch axis first, then of the longer side of C,
 * then of the depth at a multiple of `depthStep`, so that sums are taken in the same order whatever the parts.
 */
export function splitProblem(
  problem: MatmulProblem,
  fits: (part: MatmulProblem) => boolean,
  depthStep: number,
): MatmulProblem[] {
  if (fits(problem)) return [problem]
  const halves = halve(problem, depthStep)
  return halves ? halves.flatMap((half) => splitProblem(half, fits, depthStep)) : [problem]
}

/** Sides of C are not cut below this: the packed panels of the other side would be repacked too often. */
const SHORTEST_SIDE = 256

function halve(problem: MatmulProblem, depthStep: number): [MatmulProblem, MatmulProblem] | null {
  const { batch, m, n, k, a, b, c } = problem
  const moved = (o: MatmulOperand, by: number): MatmulOperand => ({ ...o, offset: o.offset + by })
  const outer = batch[0]
  if (outer !== undefined && outer > 1) {
    const half = Math.ceil(outer / 2)
    const step = (o: MatmulOperand): MatmulOperand => moved(o, half * (o.batch[0] as number))
    return [
      { ...problem, batch: [half, ...batch.slice(1)] },
      { ...problem, batch: [outer - half, ...batch.slice(1)], a: step(a), b: step(b), c: step(c) },
    ]
  }
  const middle = (extent: number, step: number): number => Math.ceil(extent / 2 / step) * step
  if (Math.max(m, n) > SHORTEST_SIDE && m >= n) {
    const half = middle(m, 32)
    return [
      { ...problem, m: half },
      { ...problem, m: m - half, a: moved(a, half * a.row), c: moved(c, half * c.row) },
    ]
  }
  if (n > SHORTEST_SIDE) {
    const half = middle(n, 32)
    return [
      { ...problem, n: half },
      { ...problem, n: n - half, b: moved(b, half * b.column), c: moved(c, half * c.column) },
    ]
  }
  if (k > depthStep) {
    const half = middle(k, depthStep)
    return [
      { ...problem, k: half },
      { ...problem, k: k - half, a: moved(a, half * a.column), b: moved(b, half * b.row), add: true },
    ]
  }
  return null
}
