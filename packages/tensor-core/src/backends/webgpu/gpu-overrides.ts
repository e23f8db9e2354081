import { dtypeName } from '../../dtype.js'
import { ownInputs } from '../../schedule/epilogue.js'
import type { OpLaunch } from '../../schedule/program.js'
import type { GpuTraits, WgslSource } from '../../wgsl/wgsl-source.js'
import { matmulSources } from './matmul/matmul-sources.js'

/** One pass of a better kernel for an op. */
export interface GpuOverride {
  /** Names its code: sources of one name, variant and dtypes are one shader. */
  readonly name: string
  readonly source: WgslSource
  /** It applies the launch's epilogue, and takes its operands. Where none does, a pass of its own follows. */
  readonly finishes?: boolean
}

/** What products in WGSL take. */
export const FLOATS: ReadonlySet<string> = new Set(['float32', 'float16', 'bfloat16'])

/** Ops, by name, for which this backend has better kernels than those they bring; null to leave a launch to those. */
export const gpuOverrides: Readonly<
  Record<string, (launch: OpLaunch, traits: GpuTraits) => readonly GpuOverride[] | null>
> = {
  matmul(launch, traits) {
    const plain = [...ownInputs(launch), ...launch.outputs].every(({ dtype }) => FLOATS.has(dtypeName(dtype)))
    return plain ? matmulSources(launch, traits) : null
  },
}
