/** Tile rows that are walked together. */
const BAND = 8

/**
 * Statements that declare row0 and column0, where the tile of `group` starts: bands of eight tile rows, down first, so that
 * the workgroups that run at one time need few panels and find them in the cache.
 */
export function tileOrder(p: (name: string) => string, rows: number, columns: number): string {
  return `  let tile = group % (${p('tilesDown')} * ${p('tilesAcross')});
  let band = tile / (${BAND} * ${p('tilesAcross')});
  let bandRows = min(${BAND}, ${p('tilesDown')} - band * ${BAND});
  let inBand = tile - band * ${BAND} * ${p('tilesAcross')};
  let row0 = (band * ${BAND} + inBand % bandRows) * ${rows};
  let column0 = (inBand / bandRows) * ${columns};`
}
