import { attentionTiles } from './attention-tiles.wgsl.js'
import { clearGradients, clearResults } from './clear-outputs.wgsl.js'
import { fewQueries } from './few-queries.wgsl.js'
import type { FlashKind } from './gpu-launch.js'
import { keyGradients } from './key-gradients.wgsl.js'
import { queryGradients } from './query-gradients.wgsl.js'
import { rowRecords } from './row-records.wgsl.js'

/** The kernels of a forward op, in their order. */
export const gpuForward = (kind: FlashKind) => [clearResults(kind), attentionTiles(kind), ...fewQueries(kind)]

/** The kernels of a backward op, in their order. */
export const gpuBackward = (kind: FlashKind) => [
  clearGradients(kind),
  rowRecords(kind),
  queryGradients(kind),
  keyGradients(kind),
]
