import { dtypeName } from '../../dtype.js'
import { ownInputs } from '../../schedule/epilogue.js'
import type { OpLaunch } from '../../schedule/program.js'
import type { GpuTraits, WgslSource } from '../../wgsl/wgsl-source.js'
import { matmulSources } from './matmul/matmul-sources.js'
import { argmaxWgsl } from './ops/argmax.wgsl.js'
import { argsortPasses } from './ops/argsort.wgsl.js'
import { cumsumWgsl } from './ops/cumsum.wgsl.js'
import { segmentSumPasses } from './ops/segment-sum.wgsl.js'
import { takeWgsl } from './ops/take.wgsl.js'

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

type Override = (launch: OpLaunch, traits: GpuTraits) => readonly GpuOverride[] | null

/** Some passes, where all of them apply. */
const where =
  (...passes: readonly GpuOverride[]): Override =>
  (launch, traits) =>
    passes.every(({ source }) => source.applies?.(launch, traits) ?? true) ? passes : null

/** Ops, by name, for which this backend has better kernels than those they bring; null to leave a launch to those. */
export const gpuOverrides: Readonly<Record<string, Override>> = {
  matmul(launch, traits) {
    const plain = [...ownInputs(launch), ...launch.outputs].every(({ dtype }) => FLOATS.has(dtypeName(dtype)))
    return plain ? matmulSources(launch, traits) : null
  },
  argmax: where({ name: 'argmax', source: argmaxWgsl }),
  argsort: (launch) => argsortPasses(launch)?.map((source) => ({ name: 'argsort', source })) ?? null,
  cumsum: where({ name: 'cumsum', source: cumsumWgsl }),
  segmentSum: where(...segmentSumPasses),
  take: where({ name: 'take', source: takeWgsl }),
}
