import type { KernelLaunch } from '@almanac/tensor-core'
import type { WgslContext } from '@almanac/tensor-core/wgsl'
import type { AttentionAttributes } from './attention-launch.js'
import { type GpuLaunch, gpuLaunch, tileRows } from './gpu-launch.js'
import { tileVariant, type WorkgroupTile } from './workgroup-tile.js'

type Launch = KernelLaunch<AttentionAttributes>

/**
 * How a launch is dealt out to workgroups that take a tile of a kv head's rows, or of its keys, each, and a block of channels.
 * `lanesOf`: invocations that share four rows of a tile.
 */
export function tileLaunch(side: 'rows' | 'keys', lanesOf: (launch: GpuLaunch) => WorkgroupTile['lanes'] = () => 8) {
  const tileOf = (seen: GpuLaunch): WorkgroupTile => ({
    rows: tileRows(seen, seen[side]),
    lanes: lanesOf(seen),
    width: seen.width,
  })
  /** Tiles of a kv head: the parameter `tiles`. */
  const tiles = (launch: Launch): number => {
    const seen = gpuLaunch(launch)
    return Math.ceil(seen[side] / tileOf(seen).rows)
  }
  return {
    tiles,
    variant(launch: Launch): string {
      const seen = gpuLaunch(launch)
      return tileVariant(tileOf(seen), seen.fours)
    },
    groups(launch: Launch): number {
      const { kvRows, blocks } = gpuLaunch(launch)
      return kvRows * blocks * tiles(launch)
    },
  }
}

/**
 * What the text of such a kernel begins with: `r` and `c` (see workgroup-tile.ts), `channel0`, `tile` (its number in the kv
 * head), `head`, and of that `batch` and `kvHead`.
 */
export const beginTile = (
  { lanes, width }: WorkgroupTile,
  { p }: Pick<WgslContext, 'p'>,
): string => `  let r = lid / ${lanes};
  let c = lid % ${lanes};
  let channel0 = (group % ${p('blocks')}) * ${width};
  let task = group / ${p('blocks')};
  let tile = task % ${p('tiles')};
  let head = task / ${p('tiles')};
  let batch = head / ${p('kvHeads')};
  let kvHead = head % ${p('kvHeads')};`
