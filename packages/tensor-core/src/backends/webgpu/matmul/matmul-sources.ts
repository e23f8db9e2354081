import { withoutEpilogue } from '../../../schedule/epilogue.js'
import type { OpLaunch } from '../../../schedule/program.js'
import { configurationOf } from '../../../wgsl/kernel-family.js'
import type { GpuTraits } from '../../../wgsl/wgsl-source.js'
import type { GpuOverride } from '../gpu-overrides.js'
import { chooseTiles } from './choose-tiles.js'
import { joinParts } from './join-parts.wgsl.js'
import { matmulLaunch } from './matmul-launch.js'
import { rowsTimesMatrix, takesRows } from './rows.wgsl.js'
import { rowsShapes } from './rows-shapes.js'
import { planMatrices, subgroupMatmul } from './subgroup-matrix.wgsl.js'
import { vectorTiles } from './vector-tiles.wgsl.js'

/** The shaders of a matrix product; null leaves it to the naive kernel. */
export function matmulSources(launch: OpLaunch, traits: GpuTraits): readonly GpuOverride[] | null {
  const product = matmulLaunch(launch)
  const { problem } = product
  if (problem.k === 0) return null
  if (takesRows(problem)) {
    const source = rowsTimesMatrix(product, configurationOf(rowsShapes, traits))
    return [{ name: 'matmulRows', source, finishes: true }]
  }
  const plan = planMatrices(launch, problem, traits)
  if (plan) return [{ name: 'matmulMatrices', source: subgroupMatmul(product, plan), finishes: true }]
  const { shape, parts } = chooseTiles(problem, traits)
  if (parts === 1) return [{ name: 'matmulTiles', source: vectorTiles(product, shape), finishes: true }]
  return [
    { name: 'matmulParts', source: vectorTiles(matmulLaunch(withoutEpilogue(launch)), shape, parts) },
    { name: 'joinParts', source: joinParts(product, parts), finishes: true },
  ]
}
