import type { MatmulProblem } from '../../../codegen/matmul-problem.js'
import { ENOUGH_GROUPS } from '../../../wgsl/enough-groups.js'
import { configurationOf } from '../../../wgsl/kernel-family.js'
import type { TileShape } from '../../../wgsl/tile-shape.js'
import type { GpuTraits } from '../../../wgsl/wgsl-source.js'
import { largeTiles } from './large-tiles.js'
import { batchesOf } from './matmul-launch.js'
import { mediumTiles } from './medium-tiles.js'
import { smallTiles } from './small-tiles.js'

/** Largest first. What is chosen by size is the family, by its first configuration; tuning chooses within it. */
const FAMILIES = [largeTiles, mediumTiles, smallTiles].map((family) => {
  const [[, base]] = family.configurations as readonly [readonly [string, TileShape]]
  return { family, base }
})

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
export function chooseTiles(problem: MatmulProblem, traits: GpuTraits): TileChoice {
  const { m, n, k } = problem
  const batches = batchesOf(problem)
  const fits = FAMILIES.filter(({ family, base }) => family === smallTiles || Math.min(m, n) > base.rows / 2)
  const choices = fits.map(({ family, base }) => {
    const tiles = batches * Math.ceil(m / base.rows) * Math.ceil(n / base.columns)
    const wanted = Math.ceil(ENOUGH_GROUPS / tiles)
    const parts = Math.min(wanted, Math.floor(k / LEAST_DEPTH), Math.floor(MOST_BYTES / (batches * m * n * 4)))
    return { family, parts: Math.max(1, parts), groups: tiles * Math.max(1, parts) }
  })
  const whole = choices.find(({ parts, groups }) => parts === 1 && groups >= ENOUGH_GROUPS)
  // Parts of large tiles read less than whole small ones; whole tiles of the next size write nothing twice.
  const split = choices.find(({ groups }) => groups >= ENOUGH_GROUPS)
  const last = choices.at(-1) as (typeof choices)[number]
  const { family, parts } = (split?.family === largeTiles ? split : whole) ?? split ?? last
  return { shape: configurationOf(family, traits), parts }
}
