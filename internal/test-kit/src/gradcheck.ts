import { assertClose } from './assert-allclose.js'
import { seededRandom } from './seeded-random.js'
import { GRADCHECK_TOLERANCE } from './tolerances.js'

/** What a gradcheck needs of a tensor. The kit depends on no package, so the tensor library is handed to it. */
export interface GradcheckTensor<T> {
  readonly shape: readonly number[]
  readonly size: number
  add(other: T): T
  mul(other: T | number): T
  sum(): T
  data(): Promise<ArrayLike<number>>
}

/** The tensor library: the module `@almanac/tensor-core` fits. */
export interface GradcheckEngine<T, D> {
  tensor(values: Float32Array, options: { shape: readonly number[]; device: D }): T
  vjp(y: T, cotangent: T, wrt: T[]): T[]
  realizeAll(tensors: readonly T[]): Promise<void>
}

export interface GradcheckInput {
  readonly shape: readonly number[]
  readonly values: ArrayLike<number>
}

export interface GradcheckOptions<D> {
  /** A device that computes in float64. */
  readonly device: D
  /** Also check the gradient of the gradient: for functions that are smooth around the inputs. */
  readonly secondOrder?: boolean
  readonly label?: string
}

/** A power of two: x + h is exact for a float32 x of order one. The error is h^2 / 6 of the third derivative. */
const STEP = 2 ** -17
/** Larger Jacobians are probed along random directions only. */
const FULL_JACOBIAN = { entries: 400, points: 48 }
const DIRECTIONS = 3

/**
 * Compares gradients with central differences: along random directions with random cotangents, every entry of a small
 * Jacobian, and, for smooth functions, the gradient of the gradient. The points around the inputs are computed by the
 * device, in float64.
 *
 * @throws Error naming the place and both numbers where they differ
 */
export async function gradcheck<T extends GradcheckTensor<T>, D>(
  engine: GradcheckEngine<T, D>,
  fn: (...inputs: T[]) => T | readonly T[],
  inputs: readonly GradcheckInput[],
  { device, secondOrder = false, label = 'gradcheck' }: GradcheckOptions<D>,
): Promise<void> {
  const leaf = (values: ArrayLike<number>, shape: readonly number[]): T =>
    engine.tensor(Float32Array.from(values), { shape, device })
  const check = checker(engine, leaf)
  const leaves = inputs.map(({ shape, values }) => leaf(values, shape))
  const first = (...at: T[]): readonly T[] => {
    const y = fn(...at)
    return Array.isArray(y) ? (y as readonly T[]) : [y as T]
  }
  await check.directions(first, leaves, label)
  await check.jacobian(first, leaves, label)
  if (!secondOrder) return
  const cotangents = first(...leaves).map(check.noise)
  const weights = leaves.map(check.noise)
  const slope = (...at: T[]): readonly T[] => {
    const loss = inner(first(...at), cotangents)
    return [inner(engine.vjp(loss, leaf([1], []), at), weights)]
  }
  await check.directions(slope, leaves, `${label}, second order`)
}

/** The sum of all products of elements at the same place. */
function inner<T extends GradcheckTensor<T>>(xs: readonly T[], ys: readonly T[]): T {
  return xs.map((x, i) => x.mul(ys[i] as T).sum()).reduce((total, part) => total.add(part))
}

type Leaf<T> = (values: ArrayLike<number>, shape: readonly number[]) => T

function checker<T extends GradcheckTensor<T>, D>(engine: GradcheckEngine<T, D>, leaf: Leaf<T>) {
  const random = seededRandom(7)
  const noise = (like: T): T => leaf(random.normals(like.size), like.shape)
  const moved = (leaves: readonly T[], by: readonly T[], step: number): T[] =>
    leaves.map((x, i) => x.add((by[i] as T).mul(step)))

  const read = async (tensors: readonly T[]): Promise<number[][]> => {
    await engine.realizeAll(tensors)
    return Promise.all(tensors.map(async (t) => Array.from(await t.data())))
  }

  const directions = async (fn: (...at: T[]) => readonly T[], leaves: readonly T[], label: string) => {
    const cotangents = fn(...leaves).map(noise)
    const loss = (at: readonly T[]) => inner(fn(...at), cotangents)
    const gradients = engine.vjp(loss(leaves), leaf([1], []), [...leaves])
    gradients.forEach((g, i) => {
      const shape = (leaves[i] as T).shape
      if (g.shape.join() !== shape.join()) {
        throw new Error(`${label}: expected gradient ${i} of shape [${shape}], got [${g.shape}].`)
      }
    })
    const wanted: T[] = []
    for (let d = 0; d < DIRECTIONS; d++) {
      const by = leaves.map(noise)
      wanted.push(loss(moved(leaves, by, STEP)), loss(moved(leaves, by, -STEP)), inner(gradients, by))
    }
    const values = (await read(wanted)).map((value) => value[0] as number)
    const at = (d: number, i: number) => values[3 * d + i] as number
    const every = Array.from({ length: DIRECTIONS }, (_, d) => d)
    assertClose(
      every.map((d) => at(d, 2)),
      every.map((d) => (at(d, 0) - at(d, 1)) / (2 * STEP)),
      GRADCHECK_TOLERANCE,
      `${label}, along random directions`,
    )
  }

  const jacobian = async (fn: (...at: T[]) => readonly T[], leaves: readonly T[], label: string) => {
    const outputs = fn(...leaves)
    const columns = leaves.reduce((n, x) => n + x.size, 0)
    const rows = outputs.reduce((n, y) => n + y.size, 0)
    if (rows * columns > FULL_JACOBIAN.entries || rows + 2 * columns > FULL_JACOBIAN.points) return
    const unit = (like: T, i: number) =>
      leaf(
        Array.from({ length: like.size }, (_, j) => Number(i === j)),
        like.shape,
      )
    const wanted: T[] = []
    for (const y of outputs) for (let i = 0; i < y.size; i++) wanted.push(...engine.vjp(y, unit(y, i), [...leaves]))
    for (const x of leaves)
      for (let i = 0; i < x.size; i++) {
        const shifted = (step: number) => leaves.map((z) => (z === x ? z.add(unit(x, i).mul(step)) : z))
        wanted.push(...fn(...shifted(STEP)), ...fn(...shifted(-STEP)))
      }
    const values = await read(wanted)
    const analytic = Array.from({ length: rows }, (_, row) =>
      values.slice(row * leaves.length, (row + 1) * leaves.length).flat(),
    )
    const points = values.slice(rows * leaves.length)
    const numeric: number[][] = Array.from({ length: rows }, () => [])
    for (let column = 0; column < columns; column++) {
      const at = 2 * column * outputs.length
      const above = points.slice(at, at + outputs.length).flat()
      const below = points.slice(at + outputs.length, at + 2 * outputs.length).flat()
      for (let row = 0; row < rows; row++)
        numeric[row]?.push(((above[row] as number) - (below[row] as number)) / (2 * STEP))
    }
    for (let row = 0; row < rows; row++) {
      const [got, expected] = [analytic[row] as number[], numeric[row] as number[]]
      assertClose(got, expected, GRADCHECK_TOLERANCE, `${label}, row ${row} of the Jacobian`)
    }
  }

  return { noise, directions, jacobian }
}
