import type { WgslContext } from '@almanac/tensor-core/wgsl'
import { type FlashLaunch, type GpuLaunch, gpuLaunch, mostTiles, tileRows } from './gpu-launch.js'
import type { WorkgroupTile } from './workgroup-tile.js'

/** What of a launch but dtypes changes the text of a kernel of tiles. */
export interface TileVariant {
  readonly tile: WorkgroupTile
  /** Rows of channels can be read and written four at a time. */
  readonly fours: boolean
  /** Scores are capped. */
  readonly capped: boolean
}

/** How a launch is dealt out. */
export interface TileChoice {
  /** Whether a workgroup takes a tile of a sequence's and kv head's rows, or of its keys. */
  readonly side: 'rows' | 'keys'
  /** Channels of the results of a kernel. */
  readonly channels: (launch: GpuLaunch) => number
  /** Invocations that share four rows of a tile. Default 8. */
  readonly lanesOf?: (width: WorkgroupTile['width']) => WorkgroupTile['lanes']
}

/** Parameters of kernels of tiles beside those of the launch: tiles of a kv head at most, blocks of channels. */
export const TILE_PARAMS = ['tiles', 'blocks'] as const

/** How a launch is dealt out to workgroups that take a tile each, and a block of channels. */
export function tileLaunch({ side, channels, lanesOf = () => 8 }: TileChoice) {
  function dealt(launch: FlashLaunch) {
    const seen = gpuLaunch(launch)
    // Where channels are read one by one nothing is fast: one kernel for all sizes.
    const width = seen.fours && channels(seen) > 64 ? 128 : 64
    const blocks = Math.ceil(channels(seen) / width)
    const extent = side === 'rows' ? seen.queries * seen.group : seen.places
    const rows = tileRows(seen, { extent, blocks })
    const tile: WorkgroupTile = { rows, width, lanes: lanesOf(width) }
    return { seen, tile, blocks, tiles: mostTiles(extent, seen.sequenceCount, rows) }
  }
  return {
    variant(launch: FlashLaunch): string {
      const { seen, tile } = dealt(launch)
      const { rows, width, lanes } = tile
      return [rows, width, lanes, Number(seen.fours), Number(launch.attributes.softcap > 0)].join(' ')
    },
    params(launch: FlashLaunch): number[] {
      const { tiles, blocks } = dealt(launch)
      return [tiles, blocks]
    },
    groups(launch: FlashLaunch): number {
      const { seen, tiles, blocks } = dealt(launch)
      return seen.kvHeads * blocks * tiles
    },
  }
}

/** What `variant` said. */
export function tileOfVariant(variant: string): TileVariant {
  const [rows, width, lanes, fours, capped] = variant.split(' ').map(Number)
  return { tile: { rows, width, lanes } as WorkgroupTile, fours: fours === 1, capped: capped === 1 }
}

/**
 * What the text of such a kernel begins with: `r` and `c` (see workgroup-tile.ts), `channel0`, `kvHead`, and `tile` (its number
 * among those of all sequences). Late ones, whose rows see most keys, come first.
 */
export const beginTile = (
  { lanes, width }: WorkgroupTile,
  { p }: Pick<WgslContext, 'p'>,
): string => `  let r = lid / ${lanes};
  let c = lid % ${lanes};
  let channel0 = (group % ${p('blocks')}) * ${width};
  let task = group / ${p('blocks')};
  let tile = ${p('tiles')} - 1 - task % ${p('tiles')};
  let kvHead = task / ${p('tiles')};`
