import { floatBits, type KernelLaunch } from '@almanac/tensor-core'
import type { AttentionAttributes } from './attention-launch.js'
import { backwardBuffers } from './backward-buffers.js'
import { GPU_PARAMS, type GpuLaunch, gpuLaunch, gpuParams } from './gpu-launch.js'
import { RECORD_PARAMS, recordBytes, recordParams } from './row-records.wgsl.js'
import { tileLaunch } from './tile-launch.js'
import type { WorkgroupTile } from './workgroup-tile.js'

type Launch = KernelLaunch<AttentionAttributes>

const OPERANDS = ['q', 'k', 'v', 'dy'] as const

/** All but the text of a pass that computes some gradients by tiles of rows or of keys; it reads the records of rows. */
export function gradientLaunch(
  results: readonly ('dq' | 'dk' | 'dv')[],
  side: 'rows' | 'keys',
  lanesOf?: (launch: GpuLaunch) => WorkgroupTile['lanes'],
) {
  const { tiles, variant, groups } = tileLaunch(side, lanesOf)
  return {
    variant,
    paramNames: [...GPU_PARAMS, ...RECORD_PARAMS, 'tiles', 'factor'] as const,
    params: (launch: Launch): number[] => [
      ...gpuParams(launch),
      ...recordParams(launch),
      tiles(launch),
      floatBits(launch.attributes.scale),
    ],
    groups,
    workspace: recordBytes,
    buffers: backwardBuffers([...OPERANDS, ...results], 'read'),
    vectors: (launch: Launch) => (gpuLaunch(launch).fours ? OPERANDS : []),
  }
}
