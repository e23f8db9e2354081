import type { KernelTarget } from '../kernel/kernel-builder.js'
import type { KernelSource } from '../ops/op-record.js'
import { epilogueMap, withoutEpilogue } from '../schedule/epilogue.js'
import type { FusedLaunch, Launch, OpLaunch } from '../schedule/program.js'
import type { LaunchPass } from './launch-pass.js'
import { mapPass } from './map-kernel.js'
import { sourcePass } from './op-kernel.js'
import { reducePasses } from './reduce-kernel.js'

/**
 * The passes of a launch, in order; none where there is nothing to do. Fused launches bring their kernels. `workers`: how many
 * may run a pass at a time, for its scratch memory.
 */
export function lowerLaunch(
  launch: Launch,
  target: KernelTarget,
  fusedKernels: (launch: FusedLaunch) => readonly KernelSource[],
  workers = 1,
): LaunchPass[] {
  const present = (passes: readonly (LaunchPass | null)[]): LaunchPass[] => passes.filter((pass) => pass !== null)
  switch (launch.kind) {
    case 'map':
      return present([mapPass(launch, target)])
    case 'reduce':
      return reducePasses(launch, target)
    case 'op':
      return present([
        sourcePass(launch.record.name, launch.record.kernel, withoutEpilogue(launch), {
          workers,
          ...(launch.record.moves ? { moves: { inputs: launch.record.moves, target } } : {}),
        }),
        epiloguePass(launch, target),
      ])
    case 'fused':
      return present(
        fusedKernels(launch).map((source) => sourcePass(launch.definition.name, source, launch, { workers })),
      )
  }
}

/** The epilogue of an op whose kernel leaves it to a pass of its own. */
export function epiloguePass(launch: OpLaunch, target: KernelTarget): LaunchPass | null {
  const map = epilogueMap(launch)
  return map && mapPass(map, target)
}
