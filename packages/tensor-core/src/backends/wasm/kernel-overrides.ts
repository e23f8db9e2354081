import { dtypeName, isBlock } from '../../dtype.js'
import type { KernelLaunch, KernelSource } from '../../ops/op-record.js'
import { ownInputs } from '../../schedule/epilogue.js'
import type { FusedLaunch, Operand, OpLaunch } from '../../schedule/program.js'
import { sizeOf } from '../../shape.js'
import { contiguousView } from '../../view.js'
import { BLOCK_DEPTH, matmulPasses } from './gemm/matmul-passes.js'
import { packsBlocks } from './gemm/pack-blocks.js'

/** One pass of a better kernel for an op. Passes run in order, over the launch's operands and one shared workspace. */
export interface OverridePass {
  /** Tells its code apart from other passes'; the source's `variant` and the dtypes are added. */
  readonly name: string
  readonly source: KernelSource
  /** It applies the launch's epilogue, and takes its operands. Where no pass does, one of its own follows. */
  readonly finishes?: boolean
}

/** What the engine that runs the kernels can do. */
export interface EngineFeatures {
  /** Relaxed SIMD: multiplies and adds in one instruction. */
  readonly fusedMultiplyAdd: boolean
}

/** Passes for a launch of an op or fused op, or null to leave it to its own kernels. */
export type KernelOverride = (
  launch: OpLaunch | FusedLaunch,
  features: EngineFeatures,
) => readonly OverridePass[] | null

export type KernelOverrides = Readonly<Record<string, KernelOverride>>

const MATMUL_DTYPES: ReadonlySet<string> = new Set(['float32', 'float16', 'bfloat16'])

/** From so many rows on, products with packed weights unpack them once instead of once for every four rows (measured). */
const UNPACK_ROWS = 9

/** A product with packed weights [N, K] as one with a matrix [K, N] that is walked along its columns. */
function packedProduct({ inputs, outputs }: OpLaunch | FusedLaunch): KernelLaunch | null {
  const [x, w] = inputs as [Operand, Operand]
  const [columns, depth] = w.view.shape as [number, number]
  const rows = depth === 0 ? 0 : sizeOf(x.view.shape) / depth
  if (rows < UNPACK_ROWS || !isBlock(w.dtype) || !packsBlocks(w.dtype, BLOCK_DEPTH)) return null
  return {
    inputs: [
      { dtype: x.dtype, view: contiguousView([rows, depth]) },
      { dtype: w.dtype, view: { shape: [depth, columns], strides: [1, depth], offset: 0 } },
    ],
    outputs: [{ dtype: (outputs[0] as Operand).dtype, view: contiguousView([rows, columns]) }],
    attributes: undefined,
  }
}

/** Ops, by name, for which this backend has better kernels than those they bring. */
export const kernelOverrides: KernelOverrides = {
  matmul(launch, features) {
    const plain = [...ownInputs(launch), ...launch.outputs].every(({ dtype }) => MATMUL_DTYPES.has(dtypeName(dtype)))
    return plain
      ? matmulPasses(
          { ...launch, inputs: ownInputs(launch) },
          { ...features, epilogueOf: launch.kind === 'op' ? launch : undefined },
        )
      : null
  },
  blockMatmul(launch, features) {
    const product = packedProduct(launch)
    return product && matmulPasses(product, features)
  },
}
