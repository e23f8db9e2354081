import * as v from '@almanac/tensor-core/kernel'
import { firstRowSeeing, keysSeenBy } from './block-records.js'
import { type FlashParams, ROWS } from './flash-launch.js'
import { TILE_COLUMNS, TILE_ROWS, tileKernel } from './tile-kernels.js'

/*
 * The products of a block of rows and a block of keys. Scores lie as [key][ROWS]. Tiles that no query sees are left out:
 * what stands in their place must not be read, and is not, because depths end where masks begin.
 */

const int = (name: string) => ({ name, type: 'i32' }) as const
type Args = readonly v.Value[]

/**
 * scores[j][i] = start[i] + sum_d x[j][d] z[i][d]: (x, z, scores, start, rows, count, diagonal), with x packed across in tiles
 * of six keys and z in tiles of eight rows; `start` only where there is one.
 */
export function scoreProduct(
  k: v.KernelBuilder,
  p: FlashParams,
  scratch: v.BufferRef,
  { channels, start }: { readonly channels: v.Value; readonly start: 'zero' | 'row' },
): v.KernelFunction {
  const tile = tileKernel(k, 'scoreTile', scratch, { aRow: 1, aStep: TILE_ROWS, cRow: ROWS, start })
  return k.func('scores', ['x', 'z', 'scores', 'start', 'rows', 'count', 'diagonal'].map(int), (...args) => {
    const [x, z, scores, begin, rows, count, diagonal] = args as Args as [
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
    ]
    k.for(
      0,
      count,
      (j) => {
        const keys = k.let(v.add(x, v.mul(j, channels)))
        const line = k.let(v.add(scores, v.mul(j, ROWS)))
        const first = k.let(v.and(firstRowSeeing(p, { rows, count, diagonal }, j), v.i32(-TILE_COLUMNS)))
        k.for(
          first,
          rows,
          (i) => k.call(tile, [keys, v.add(z, v.mul(i, channels)), channels, v.add(line, i), v.add(begin, i)]),
          TILE_COLUMNS,
        )
      },
      TILE_ROWS,
    )
    return undefined
  })
}

/** sums[i] += sum_j weights[j][i] x[j], x and sums in panels of eight channels: (weights, x, sums, rows, count, diagonal). */
export function sumOverKeys(
  k: v.KernelBuilder,
  p: FlashParams,
  scratch: v.BufferRef,
  { keysPerPanel, padded }: { readonly keysPerPanel: number; readonly padded: v.Value },
): v.KernelFunction {
  const tile = tileKernel(k, 'keysTile', scratch, { aRow: 1, aStep: ROWS, cRow: TILE_COLUMNS, start: 'c' })
  return k.func('sumOverKeys', ['weights', 'x', 'sums', 'rows', 'count', 'diagonal'].map(int), (...args) => {
    const [weights, x, sums, rows, count, diagonal] = args as Args as [
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
    ]
    k.for(
      0,
      padded,
      (c) => {
        const panel = k.let(v.add(x, v.mul(c, keysPerPanel)))
        const to = k.let(v.add(sums, v.mul(c, ROWS)))
        k.for(
          0,
          rows,
          (i) => {
            const depth = keysSeenBy(p, { rows, count, diagonal }, v.add(i, TILE_ROWS - 1))
            k.call(tile, [v.add(weights, i), panel, depth, v.add(to, v.mul(i, TILE_COLUMNS)), 0])
          },
          TILE_ROWS,
        )
      },
      TILE_COLUMNS,
    )
    return undefined
  })
}

/** sums[j] += sum_i weights[j][i] x[i], x and sums in panels of eight channels: (weights, x, sums, rows, count, diagonal). */
export function sumOverRows(
  k: v.KernelBuilder,
  p: FlashParams,
  scratch: v.BufferRef,
  { keysPerPanel, padded }: { readonly keysPerPanel: number; readonly padded: v.Value },
): v.KernelFunction {
  const tile = tileKernel(k, 'rowsTile', scratch, { aRow: ROWS, aStep: 1, cRow: TILE_COLUMNS, start: 'c' })
  return k.func('sumOverRows', ['weights', 'x', 'sums', 'rows', 'count', 'diagonal'].map(int), (...args) => {
    const [weights, x, sums, rows, count, diagonal] = args as Args as [
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
      v.Value,
    ]
    k.for(
      0,
      padded,
      (c) => {
        const panel = k.let(v.add(x, v.mul(c, ROWS)))
        const to = k.let(v.add(sums, v.mul(c, keysPerPanel)))
        k.for(
          0,
          count,
          (j) => {
            const first = k.let(firstRowSeeing(p, { rows, count, diagonal }, j))
            k.if(v.lt(first, rows), () =>
              k.call(tile, [
                v.add(v.add(weights, v.mul(j, ROWS)), first),
                v.add(panel, v.mul(first, TILE_COLUMNS)),
                v.sub(rows, first),
                v.add(to, v.mul(j, TILE_COLUMNS)),
                0,
              ]),
            )
          },
          TILE_ROWS,
        )
      },
      TILE_COLUMNS,
    )
    return undefined
  })
}
