import { concat, formatShape, ShapeError, type State, scatter, type Tensor } from '@almanac/tensor-core'
import { type CacheCell, type CacheCells, cacheCells, isLatent } from './cache-cells.js'
import type { CachedKeys, CacheStep, LayerCache } from './cache-step.js'
import { quantizeRows } from './quantize-rows.js'

/** One layer over its cells: `cellOf` tells the State of each. Errors begin with `name`. */
export function layerCache(cells: CacheCells, cellOf: (name: CacheCell['name']) => State, name: string): LayerCache {
  const declared = new Map(cacheCells(cells).map((cell) => [cell.name, cell]))

  const check = (what: 'k' | 'v', rows: Tensor, { places }: CacheStep): void => {
    const expected = formatShape([...places.shape, ...(declared.get(what) as CacheCell).row])
    if (formatShape(rows.shape) !== expected) {
      throw new ShapeError(
        name,
        `${what} ${expected}, a row a token of the step`,
        formatShape(rows.shape),
        'Lay the tokens of all rows end to end, in the order in which they were given to the step.',
      )
    }
  }
  /** The rows at their places; those of place -1 are left out. */
  const write = (cell: CacheCell['name'], rows: Tensor, { places }: CacheStep): Tensor => {
    const state = cellOf(cell)
    state.assign(scatter(state, places, rows.cast(state.dtype), 0, { distinct: true }))
    return state.value
  }

  return {
    append(k, v, step): CachedKeys {
      check('k', k, step)
      if (isLatent(cells) !== (v === null)) {
        throw new ShapeError(
          name,
          isLatent(cells)
            ? 'null for v: a latent cache keeps keys whose first channels are the values'
            : 'keys and values',
          v === null ? 'null for v' : `v ${formatShape(v.shape)}`,
        )
      }
      if (v === null) {
        const latent = write('k', k, step)
        return { k: latent, v: latent }
      }
      check('v', v, step)
      if (cells.dtype !== 'int8') return { k: write('k', k, step), v: write('v', v, step) }
      const [keys, values] = [quantizeRows(k), quantizeRows(v)]
      return {
        k: write('k', keys.values, step),
        v: write('v', values.values, step),
        scales: write('scales', concat([keys.scales, values.scales], -1), step),
      }
    },
  }
}
