import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import { batchesOf } from './matmul-launch.js'
import type { TileShape } from './tiled.wgsl.js'

/** Each shape has as many squares of its panels as invocations: all of them carry one. */
export const LARGE: TileShape = { rows: 128, columns: 128, depth: 16, high: 8, wide: 8 }
export const MEDIUM: TileShape = { rows: 64, columns: 64, depth: 16, high: 8, wide: 4 }
export const SMALL: TileShape = { rows: 32, columns: 32, depth: 16, high: 4, wide: 4 }

/** Workgroups below which a large GPU has idle cores (an H100 has 132, an RTX 4090 128, an M4 Max 40). */
const ENOUGH_GROUPS = 128
/** Steps of K that a part takes at least: its sums are written and read once more. */
const LEAST_DEPTH = 256
/** Bytes of sums over parts that a product may take. */
const MOST_BYTES = 64 * 2 ** 20

export interface TileChoice {
  readonly shape: TileShape
  /** Parts of K, each a workgroup's. */
  readonly parts: number
}

/**
 * The largest tiles that give every core work; where there are few of them and K is long (a weight's gradient: M and N are
 * its extents, K the tokens), the tiles of several parts of K. By the shapes alone, so that results do not depend on the GPU.
 */
export function chooseTiles(problem: MatmulProblem): TileChoice {
  const { m, n, k } = problem
  const batches = batchesOf(problem)
  const fits = [LARGE, MEDIUM, SMALL].filter(({ rows }) => rows === SMALL.rows || Math.min(m, n) > rows / 2)
  const choices = fits.map((shape): TileChoice & { readonly groups: number } => {
    const tiles = batches * Math.ceil(m / shape.rows) * Math.ceil(n / shape.columns)
    const wanted = Math.ceil(ENOUGH_GROUPS / tiles)
    const parts = Math.min(wanted, Math.floor(k / LEAST_DEPTH), Math.floor(MOST_BYTES / (batches * m * n * 4)))
    return { shape, parts: Math.max(1, parts), groups: tiles * Math.max(1, parts) }
  })
  const whole = choices.find(({ parts, groups }) => parts === 1 && groups >= ENOUGH_GROUPS)
  // Parts of large tiles read less than whole small ones; whole tiles of the next size write nothing twice.
  const split = choices.find(({ groups }) => groups >= ENOUGH_GROUPS)
  const last = choices.at(-1) as (typeof choices)[number]
  const { shape, parts } = (split?.shape === LARGE ? split : whole) ?? split ?? last
  return { shape, parts }
}
