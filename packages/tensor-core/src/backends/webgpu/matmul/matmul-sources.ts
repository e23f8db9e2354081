import type { OpLaunch } from '../../../schedule/program.js'
import { tileShapeFor } from '../../../wgsl/tile-shape.js'
import type { GpuTraits } from '../../../wgsl/wgsl-source.js'
import type { GpuOverride } from '../gpu-overrides.js'
import { batchesOf, matmulLaunch } from './matmul-launch.js'
import { rowsTimesMatrix, takesRows } from './rows.wgsl.js'
import { tiledMatmul } from './tiled.wgsl.js'

/** The shaders of a matrix product; null leaves it to the naive kernel. */
export function matmulSources(launch: OpLaunch, _traits: GpuTraits): readonly GpuOverride[] | null {
  const product = matmulLaunch(launch)
  const { problem } = product
  if (problem.k === 0) return null
  if (takesRows(problem)) return [{ name: 'matmulRows', source: rowsTimesMatrix(product), finishes: true }]
  const shape = tileShapeFor(batchesOf(problem), problem.m, problem.n)
  return [{ name: 'matmulTiles', source: tiledMatmul(product, shape), finishes: true }]
}
