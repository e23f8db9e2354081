import { floatBits } from '@almanac/tensor-core'
import type { WgslBuffer } from '@almanac/tensor-core/wgsl'
import { backwardBuffers } from './backward-buffers.js'
import { type FlashKind, type FlashLaunch, GPU_PARAMS, gpuLaunch, gpuParams } from './gpu-launch.js'
import { RECORD_PARAMS, recordBytes, recordParams } from './row-records.wgsl.js'
import { TILE_PARAMS, type TileChoice, tileLaunch } from './tile-launch.js'

const OPERANDS = ['q', 'k', 'v', 'dy', 'sequences'] as const

/** All but the text of a pass that computes some gradients by tiles of rows or of keys; it reads the records of rows. */
export function gradientLaunch(kind: FlashKind, results: readonly ('dq' | 'dk' | 'dv')[], choice: TileChoice) {
  const { variant, params, groups } = tileLaunch(choice)
  const beside = kind === 'biased' ? (['bias'] as const) : []
  return {
    variant,
    paramNames: [...GPU_PARAMS, ...TILE_PARAMS, ...RECORD_PARAMS, 'factor', 'dense'] as const,
    params: (launch: FlashLaunch): number[] => [
      ...gpuParams(launch, kind),
      ...params(launch),
      ...recordParams(launch),
      floatBits(launch.attributes.scale),
      Number(launch.attributes.layout === 'dense'),
    ],
    groups,
    workspace: recordBytes,
    buffers: backwardBuffers(kind, [...OPERANDS, ...beside, ...results], 'read') as readonly WgslBuffer[],
    vectors: (launch: FlashLaunch) => (gpuLaunch(launch).fours ? ['q', 'k', 'v', 'dy', ...results] : []),
  }
}
