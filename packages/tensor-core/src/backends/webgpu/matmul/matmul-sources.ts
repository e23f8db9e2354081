import type { OpLaunch } from '../../../schedule/program.js'
import type { GpuTraits } from '../../../wgsl/wgsl-source.js'
import type { GpuOverride } from '../gpu-overrides.js'
import { batchesOf, matmulLaunch } from './matmul-launch.js'
import { rowsTimesMatrix, takesRows } from './rows.wgsl.js'
import { type TileShape, tiledMatmul } from './tiled.wgsl.js'

/** Large products: each element that is read from workgroup memory is used eight times. */
const LARGE: TileShape = { rows: 64, columns: 64, depth: 16, high: 4, wide: 4 }
/** Where large tiles would be too few for the machine's cores, or mostly outside the matrix. */
const SMALL: TileShape = { rows: 32, columns: 32, depth: 16, high: 4, wide: 4 }
/** Workgroups below which a GPU has idle cores. */
const ENOUGH_GROUPS = 128

/** The shaders of a matrix product; null leaves it to the naive kernel. */
export function matmulSources(launch: OpLaunch, _traits: GpuTraits): readonly GpuOverride[] | null {
  const product = matmulLaunch(launch)
  const { problem } = product
  if (problem.k === 0) return null
  if (takesRows(problem)) return [{ name: 'matmulRows', source: rowsTimesMatrix(product), finishes: true }]
  const groups = (shape: TileShape): number =>
    batchesOf(problem) * Math.ceil(problem.m / shape.rows) * Math.ceil(problem.n / shape.columns)
  const shape = groups(LARGE) >= ENOUGH_GROUPS && Math.min(problem.m, problem.n) > SMALL.rows ? LARGE : SMALL
  return [{ name: 'matmulTiles', source: tiledMatmul(product, shape), finishes: true }]
}
