import { floatBits, type KernelLaunch, type Shape } from '@almanac/tensor-core'
import { ENOUGH_GROUPS } from '@almanac/tensor-core/wgsl'
import type { FlashAttributes } from '../flash-attention.js'

export type FlashLaunch = KernelLaunch<FlashAttributes>

/** Of the kernels on a GPU: those of float keys, those with a bias beside them, and those of int8 keys with scales. */
export type FlashKind = 'plain' | 'biased' | 'int8'

/** Parameters that every attention kernel on a GPU has; further ones follow. `tableWidth`: words of a row of the sequences. */
export const GPU_PARAMS = [
  'queries',
  'heads',
  'channels',
  'valueChannels',
  'valueStride',
  'places',
  'kvHeads',
  'group',
  'sequenceCount',
  'tableWidth',
  'blockSize',
  'sinks',
  'biasHeads',
  'biasLength',
  'scale',
  'cap',
] as const

/**
 * A launch as the kernels on a GPU see it, from shapes alone. The rows of a sequence and a kv head are its queries with all
 * heads of the group: head by head at the first query, then at the next.
 */
export function gpuLaunch({ inputs, attributes }: FlashLaunch) {
  const shapes = inputs.map(({ view }) => view.shape)
  // The gradients' kernels have lse, delta and dy before the extents.
  const [sequences, , beside = []] = shapes.slice(shapes.length >= 8 ? 6 : 3) as [Shape, Shape, Shape?]
  const [queries, heads, channels] = shapes[0] as [number, number, number]
  const [places, kvHeads, valueStride] = shapes[2] as [number, number, number]
  const [sequenceCount, tableWidth] = sequences as [number, number]
  const { valueChannels, blockSize, sinks } = attributes
  const [, biasHeads = 0, biasLength = 0] = beside
  return {
    ...{ queries, heads, channels, valueChannels, valueStride, places, kvHeads },
    ...{ group: heads / kvHeads, sequenceCount, tableWidth, blockSize, sinks, biasHeads, biasLength },
    /** Rows of a sequence, if they are all as long. */
    rows: (heads / kvHeads) * Math.ceil(queries / Math.max(1, sequenceCount)),
    /** Keys of a sequence at most. */
    keys: Math.min((tableWidth - 3) * blockSize, sequenceCount === 0 ? 0 : Number.MAX_SAFE_INTEGER),
    /** Whether rows of channels can be read four at a time. Of nothing there is not even one vector. */
    fours: [channels, valueChannels, valueStride].every((n) => n % 4 === 0) && queries > 0 && places > 0,
  }
}

export type GpuLaunch = ReturnType<typeof gpuLaunch>

/**
 * The values of `GPU_PARAMS`. Scores come out in units of log 2, so that e^x costs one instruction, but with a bias: that may be
 * near the largest float.
 */
export function gpuParams(launch: FlashLaunch, kind: FlashKind): number[] {
  const seen = gpuLaunch(launch)
  const { scale, softcap } = launch.attributes
  const [inner, outer] = softcap > 0 ? [scale / softcap, softcap] : [1, scale]
  const unit = outer * (kind === 'biased' ? 1 : Math.LOG2E)
  const factors = softcap > 0 ? [inner, unit] : [unit, 0]
  return GPU_PARAMS.map((name) => {
    if (name === 'scale') return floatBits(factors[0] as number)
    return name === 'cap' ? floatBits(factors[1] as number) : seen[name]
  })
}

/** Pieces of so many rows of each sequence's that there are at most, whatever the lengths of the sequences. */
export function mostTiles(extent: number, sequences: number, size: number): number {
  return Math.floor((extent + sequences * (size - 1)) / size)
}

/** Rows of a tile on a side of `extent` rows in all: half as many where there would be too few workgroups. */
export function tileRows(
  { fours, kvHeads, sequenceCount }: GpuLaunch,
  { extent, blocks }: { readonly extent: number; readonly blocks: number },
): 32 | 64 {
  const each = extent / Math.max(1, sequenceCount)
  const large = each > 32 && kvHeads * blocks * mostTiles(extent, sequenceCount, 64) >= ENOUGH_GROUPS / 2
  return fours && large ? 64 : 32
}
