import type { LaunchPass } from '../../codegen/launch-pass.js'
import { epiloguePass, lowerLaunch } from '../../codegen/lower-launch.js'
import { sourcePass } from '../../codegen/op-kernel.js'
import type { GpuKernelSource } from '../../fused/fused-definition.js'
import { withoutEpilogue } from '../../schedule/epilogue.js'
import type { FusedLaunch, Launch } from '../../schedule/program.js'
import type { GpuTraits, WgslSource } from '../../wgsl/wgsl-source.js'
import { gpuOverrides } from './gpu-overrides.js'
import { gpuTarget } from './gpu-target.js'
import { reduceSources } from './reduce/reduce-sources.js'
import { unsignedSums } from './unsigned-sums.js'
import { type GpuPass, wgslPass } from './wgsl-pass.js'

export type FusedKernels = (launch: FusedLaunch) => readonly GpuKernelSource[]

const isWgslSource = (source: GpuKernelSource): source is WgslSource => 'language' in source

/** The passes of a launch, in order: those of better kernels where there are some. */
export function lowerForGpu(given: Launch, fusedKernels: FusedKernels, traits: GpuTraits): GpuPass[] {
  const launch = unsignedSums(given)
  const target = gpuTarget(traits)
  const present = (passes: readonly (GpuPass | null)[]): GpuPass[] => passes.filter((pass) => pass !== null)
  if (launch.kind === 'fused') {
    const { name } = launch.definition
    return present(
      fusedKernels(launch).map((source) =>
        isWgslSource(source) ? wgslPass(source, launch, traits, { name }) : sourcePass(name, source, launch),
      ),
    )
  }
  if (launch.kind === 'reduce') {
    const passes = reduceSources(launch)
    return present(
      passes.map(({ name, source, operands }) => wgslPass(source, operands, traits, { name, code: 'reduce' })),
    )
  }
  const better = launch.kind === 'op' ? gpuOverrides[launch.record.name] : undefined
  if (launch.kind === 'op' && better) {
    const sources = better(launch, traits)
    if (sources) {
      const own = withoutEpilogue(launch)
      const passes = sources.map(({ name, source, finishes }) =>
        wgslPass(source, finishes ? launch : own, traits, { name, code: `override ${name}` }),
      )
      const finished = sources.some(({ finishes }) => finishes)
      return present([...passes, finished ? null : epiloguePass(launch, target)])
    }
  }
  return lowerLaunch(launch, target, () => []) satisfies LaunchPass[]
}
