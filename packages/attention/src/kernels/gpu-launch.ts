import { floatBits, type KernelLaunch, type Shape } from '@almanac/tensor-core'
import { ENOUGH_GROUPS } from '@almanac/tensor-core/wgsl'
import { type AttentionAttributes, attentionExtents } from './attention-launch.js'

/** Parameters that every attention kernel on a GPU has; further ones follow. */
export const GPU_PARAMS = ['time', 'heads', 'channels', 'keys', 'kvHeads', 'group', 'rows', 'blocks', 'scale'] as const

/**
 * A launch as the kernels on a GPU see it. The rows of a kv head are the queries of all heads of its group: head by head at
 * the first position, then at the next.
 */
export function gpuLaunch(launch: KernelLaunch<AttentionAttributes>) {
  const [q, k] = launch.inputs.map(({ view }) => view.shape) as [Shape, Shape]
  const extents = attentionExtents(q, k)
  const width = extents.channels <= 32 ? 32 : extents.channels <= 64 ? 64 : 128
  return {
    ...extents,
    rows: extents.time * extents.group,
    /** B KV */
    kvRows: extents.batch * extents.kvHeads,
    /** Channels of the results that a workgroup computes. Wider heads are cut into `blocks` of them. */
    width: width as 32 | 64 | 128,
    blocks: Math.ceil(extents.channels / width),
    /** Whether rows of channels can be read four at a time. */
    fours: extents.channels % 4 === 0,
  }
}

export type GpuLaunch = ReturnType<typeof gpuLaunch>

/** The values of `GPU_PARAMS`. Exponents are of two, so that e^x costs one instruction. */
export function gpuParams(launch: KernelLaunch<AttentionAttributes>): number[] {
  const { time, heads, channels, keys, kvHeads, group, rows, blocks } = gpuLaunch(launch)
  return [time, heads, channels, keys, kvHeads, group, rows, blocks, floatBits(launch.attributes.scale * Math.LOG2E)]
}

/** Rows of a tile on a side of `extent` rows: half as many where there would be too few workgroups. */
export function tileRows({ kvRows, blocks }: GpuLaunch, extent: number): 32 | 64 {
  return extent > 32 && kvRows * blocks * Math.ceil(extent / 64) >= ENOUGH_GROUPS / 2 ? 64 : 32
}
