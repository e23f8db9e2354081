import type { OpLaunch } from '../../../schedule/program.js'
import { configurationOf } from '../../../wgsl/kernel-family.js'
import type { GpuTraits } from '../../../wgsl/wgsl-source.js'
import type { GpuOverride } from '../gpu-overrides.js'
import { largeTiles } from './large-tiles.js'
import { batchesOf, matmulLaunch } from './matmul-launch.js'
import { rowsTimesMatrix, takesRows } from './rows.wgsl.js'
import { rowsShapes } from './rows-shapes.js'
import { smallTiles } from './small-tiles.js'
import { tiledMatmul } from './tiled.wgsl.js'

/** The tiles by which products are told apart, whatever tuning chose for them. */
const [LARGE_SIDE, SMALL_SIDE] = [64, 32]
/** Workgroups below which a GPU has idle cores. */
const ENOUGH_GROUPS = 128

/** The shaders of a matrix product; null leaves it to the naive kernel. */
export function matmulSources(launch: OpLaunch, traits: GpuTraits): readonly GpuOverride[] | null {
  const product = matmulLaunch(launch)
  const { problem } = product
  if (problem.k === 0) return null
  if (takesRows(problem)) {
    const source = rowsTimesMatrix(product, configurationOf(rowsShapes, traits))
    return [{ name: 'matmulRows', source, finishes: true }]
  }
  const groups = batchesOf(problem) * Math.ceil(problem.m / LARGE_SIDE) * Math.ceil(problem.n / LARGE_SIDE)
  const large = groups >= ENOUGH_GROUPS && Math.min(problem.m, problem.n) > SMALL_SIDE
  const shape = configurationOf(large ? largeTiles : smallTiles, traits)
  return [{ name: 'matmulTiles', source: tiledMatmul(product, shape), finishes: true }]
}
