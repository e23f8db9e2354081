import { ENOUGH_GROUPS } from './enough-groups.js'

/** What a workgroup computes: `rows` x `columns` of C, `depth` steps of K at a time, each invocation `high` x `wide` of it. */
export interface TileShape {
  readonly rows: number
  readonly columns: number
  readonly depth: number
  readonly high: number
  readonly wide: number
}

export const tileName = ({ rows, columns, depth, high, wide }: TileShape): string =>
  `${rows}x${columns}x${depth}by${high}x${wide}`

/** A configuration of a family of tiles, by its name. */
export function tile(
  rows: number,
  columns: number,
  depth: number,
  high: number,
  wide: number,
): readonly [string, TileShape] {
  const shape = { rows, columns, depth, high, wide }
  return [tileName(shape), shape]
}

/** Large products: each element that is read from workgroup memory is used four times. */
export const LARGE_TILE: TileShape = { rows: 64, columns: 64, depth: 16, high: 4, wide: 4 }
/** Where large tiles would be too few for the machine's cores, or mostly outside the matrix. */
export const SMALL_TILE: TileShape = { rows: 32, columns: 32, depth: 16, high: 4, wide: 4 }

/** Tiles for `batches` products [M, K] [K, N]. */
export function tileShapeFor(batches: number, m: number, n: number): TileShape {
  const groups = batches * tilesOf(m, LARGE_TILE.rows) * tilesOf(n, LARGE_TILE.columns)
  return groups >= ENOUGH_GROUPS && Math.min(m, n) > SMALL_TILE.rows ? LARGE_TILE : SMALL_TILE
}

export const tilesOf = (extent: number, side: number): number => Math.ceil(extent / side)
