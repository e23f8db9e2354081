import { byteLengthOf, type DType, dtypeName, type StoredDType } from '../dtype.js'
import type { KernelTarget } from '../kernel/kernel-builder.js'
import type { KernelLaunch, KernelOperand, KernelSource } from '../ops/op-record.js'
import type { Operand } from '../schedule/program.js'
import { sizeOf } from '../shape.js'
import type { LaunchPass } from './launch-pass.js'
import { movedAs } from './move-bits.js'
import { identityOf } from './structure-key.js'

/** What op launches and fused launches have in common. */
export interface SourceLaunch {
  readonly attributes: unknown
  readonly inputs: readonly Operand[]
  readonly outputs: readonly Operand[]
}

function kernelOperands(operands: readonly Operand[]): KernelOperand[] {
  return operands.map(({ dtype, view }) => ({ dtype, view }))
}

/**
 * A hand-written kernel as a pass over a launch's operands. Launches whose outputs are all empty do nothing.
 * `code` tells its code apart from others'; by default every source object is code of its own. `moves`: inputs that go to
 * the outputs as they are, so that their dtype counts as its bits do on a target.
 */
export function sourcePass(
  name: string,
  source: KernelSource,
  launch: SourceLaunch,
  {
    code = `${name}#${identityOf(source)}`,
    workers = 1,
    moves,
  }: {
    readonly code?: string
    readonly workers?: number
    readonly moves?: { readonly inputs: readonly number[]; readonly target: KernelTarget }
  } = {},
): LaunchPass | null {
  const outputElements = launch.outputs.reduce((sum, output) => sum + sizeOf(output.view.shape), 0)
  if (outputElements === 0) return null
  const seen: KernelLaunch = {
    inputs: kernelOperands(launch.inputs),
    outputs: kernelOperands(launch.outputs),
    attributes: launch.attributes,
  }
  if (source.applies && !source.applies(seen)) return null
  const variant = source.variant?.(seen) ?? ''
  const signature = {
    inputs: launch.inputs.map(({ dtype }, i) => ({
      dtype: moves?.inputs.includes(i) ? movedAs(dtype, moves.target) : dtype,
    })),
    outputs: launch.outputs.map(({ dtype }) => ({ dtype: moves ? movedAs(dtype, moves.target) : dtype })),
    variant,
  }
  const types = (operands: readonly { readonly dtype: DType | StoredDType }[]): string =>
    operands.map(({ dtype }) => dtypeName(dtype)).join(',')
  const inputBytes = launch.inputs.reduce((sum, { dtype, view }) => sum + byteLengthOf(dtype, sizeOf(view.shape)), 0)
  return {
    key: `op|${code}|${variant}|${types(signature.inputs)}|${types(signature.outputs)}`,
    name,
    buffers: [
      ...launch.inputs.map(({ slot }) => ({ slot, access: 'read' as const })),
      ...launch.outputs.map(({ slot }) => ({ slot, access: 'write' as const })),
      ...(source.workspace ? ['workspace' as const] : []),
    ],
    params: source.params(seen),
    workspaceBytes: source.workspace?.(seen, workers) ?? 0,
    // What the op does with an element is not known; most do more than add it.
    work: source.work?.(seen) ?? 4 * (outputElements + inputBytes / 4),
    build: (k) => source.build(k, signature),
  }
}
