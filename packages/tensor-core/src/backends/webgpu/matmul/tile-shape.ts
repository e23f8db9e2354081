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
