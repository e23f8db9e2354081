import type { BufferBinding, LaunchPass } from '../../codegen/launch-pass.js'
import { movedAs } from '../../codegen/move-bits.js'
import type { SourceLaunch } from '../../codegen/op-kernel.js'
import { identityOf } from '../../codegen/structure-key.js'
import { dtypeName, isBlock, type StoredDType } from '../../dtype.js'
import type { KernelBuilder } from '../../kernel/kernel-builder.js'
import type { BufferRef, KernelFunction, Value } from '../../kernel/value.js'
import type { KernelLaunch, KernelSignature } from '../../ops/op-record.js'
import { sizeOf } from '../../shape.js'
import type { GpuTraits, WgslSource } from '../../wgsl/wgsl-source.js'
import { gpuTarget } from './gpu-target.js'

/** A kernel call whose code is written in WGSL; otherwise as a `LaunchPass`. */
export interface WgslPass extends Omit<LaunchPass, 'build'> {
  readonly source: WgslSource
  readonly signature: KernelSignature
  readonly traits: GpuTraits
  readonly groups: number
  /** Names of the buffers that are read by fours. */
  readonly fours: ReadonlySet<string>
  /** Declares buffers and parameters as `buffers` and `params` list them, and gives the functions of the source. */
  declare(k: KernelBuilder): {
    readonly buffers: Readonly<Record<string, BufferRef>>
    readonly params: Readonly<Record<string, Value>>
    readonly functions: Readonly<Record<string, KernelFunction>>
  }
}

export type GpuPass = LaunchPass | WgslPass

export const isWgsl = (pass: GpuPass): pass is WgslPass => 'source' in pass

/**
 * A kernel in WGSL as a pass over a launch's operands. `code` tells its code apart from others'; by default every source
 * object is code of its own. What else changes it: dtypes, the variant, what is read by fours.
 */
export function wgslPass(
  source: WgslSource,
  launch: SourceLaunch,
  traits: GpuTraits,
  { name, code = `${name}#${identityOf(source)}` }: { readonly name: string; readonly code?: string },
): WgslPass | null {
  if (launch.outputs.every(({ view }) => sizeOf(view.shape) === 0)) return null
  const seen: KernelLaunch = launch
  if (source.applies && !source.applies(seen, traits)) return null
  const groups = source.groups(seen, traits)
  if (groups === 0) return null
  const operands = [...launch.inputs, ...launch.outputs]
  const moved = new Set<string>(source.moved?.(seen))
  const target = gpuTarget(traits)
  const stored = operands.map(({ dtype }, i) => ({
    dtype: moved.has(source.buffers[i]?.name ?? '') ? movedAs(dtype, target) : dtype,
  }))
  const signature: KernelSignature = {
    inputs: stored.slice(0, launch.inputs.length),
    outputs: stored.slice(launch.inputs.length),
    variant: source.variant?.(seen, traits) ?? '',
  }
  const fours = new Set(source.vectors?.(seen) ?? [])
  const isUsed = (i: number): boolean => !source.buffers[i]?.unused
  const bindings = operands
    .map(({ slot }, i): BufferBinding => ({ slot, access: i < launch.inputs.length ? 'read' : 'write' }))
    .filter((_, i) => isUsed(i))
  const dtypeOf = (i: number): StoredDType => {
    const dtype = stored[i]?.dtype
    return source.buffers[i]?.dtype ?? (dtype === undefined ? 'float32' : isBlock(dtype) ? 'uint8' : dtype)
  }
  const types = stored.map(({ dtype }) => dtypeName(dtype)).join(',')
  return {
    key: `wgsl|${code}|${signature.variant}|${types}|${[...fours]}`,
    name,
    buffers: [...bindings, ...(source.workspace ? ['workspace' as const] : [])],
    // The number of groups comes last: `groups` in the text.
    params: [...source.params(seen, traits), groups],
    workspaceBytes: source.workspace?.(seen, traits) ?? 0,
    work: sizeOf(launch.outputs[0]?.view.shape ?? []),
    source,
    signature,
    traits,
    groups,
    fours,
    declare(k) {
      const buffers: Record<string, BufferRef> = {}
      for (const [i, { name: label, access }] of source.buffers.entries()) {
        if (isUsed(i)) buffers[label] = k.buffer(label, dtypeOf(i), access)
      }
      const params: Record<string, Value> = {}
      for (const label of [...source.paramNames, 'groups']) params[label] = k.param(label)
      return { buffers, params, functions: source.functions?.(k, { buffers, params }, signature) ?? {} }
    },
  }
}
