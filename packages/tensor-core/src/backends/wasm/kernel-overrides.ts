import { dtypeName } from '../../dtype.js'
import type { KernelSource } from '../../ops/op-record.js'
import type { OpLaunch } from '../../schedule/program.js'
import { matmulPasses } from './gemm/matmul-passes.js'

/** One pass of a better kernel for an op. Passes run in order, over the launch's operands and one shared workspace. */
export interface OverridePass {
  /** Tells its code apart from other passes'; the source's `variant` and the dtypes are added. */
  readonly name: string
  readonly source: KernelSource
}

/** What the engine that runs the kernels can do. */
export interface EngineFeatures {
  /** Relaxed SIMD: multiplies and adds in one instruction. */
  readonly fusedMultiplyAdd: boolean
}

/** Passes for a launch of an op, or null to leave it to the op's own kernel. */
export type KernelOverride = (launch: OpLaunch, features: EngineFeatures) => readonly OverridePass[] | null

export type KernelOverrides = Readonly<Record<string, KernelOverride>>

const MATMUL_DTYPES: ReadonlySet<string> = new Set(['float32', 'float16', 'bfloat16'])

/** Ops for which this backend has better kernels than the portable one of their record. */
export const kernelOverrides: KernelOverrides = {
  matmul(launch, features) {
    const plain = [...launch.inputs, ...launch.outputs].every(({ dtype }) => MATMUL_DTYPES.has(dtypeName(dtype)))
    return plain ? matmulPasses(launch, features) : null
  },
}
