import type { StoredDType } from '../../dtype.js'
import { BackendError } from '../../errors.js'
import type { BufferUse } from './kernel-uses.js'
import { FORMATS } from './wgsl-storage.js'

/**
 * What a storage binding is an array of. `atomic<u32>`: words that invocations write in parts; `vec2<u32>`: four 16-bit
 * floats, where shaders have none.
 */
export type WgslElement = 'f32' | 'i32' | 'u32' | 'f16' | 'atomic<u32>' | 'vec4<f32>' | 'vec4<f16>' | 'vec2<u32>'

export interface StorageBinding {
  readonly access: 'read' | 'read_write'
  readonly element: WgslElement
  /** Indices of the kernel's buffers behind it. */
  readonly members: readonly number[]
  /** Members are different buffers, copied one after another into a scratch buffer before the launch. */
  readonly packed: boolean
}

export interface BindingPlan {
  readonly bindings: readonly StorageBinding[]
  /** For each buffer of the kernel, its binding, and the place of its word offset among the packed ones (or -1). */
  readonly placements: readonly { readonly binding: number; readonly packedIndex: number }[]
  /** The kernel's buffers whose format (`FORMATS`) is a parameter: they are read and written by parts of words. */
  readonly formats: readonly number[]
  /** Equal keys, equal WGSL for the same kernel. */
  readonly key: string
}

const NATIVE: Partial<Record<StoredDType, WgslElement>> = { float32: 'f32', int32: 'i32', uint32: 'u32' }

/**
 * Deals a kernel's buffers out to storage bindings. WebGPU forbids one buffer bound twice in a dispatch if it is written
 * there, so buffers of one identity share a binding; what is not touched has none; and it allows only `limit` bindings, so where there are more, the
 * first read-only ones are packed into one. `f16`: shaders have 16-bit floats.
 */
export function planBindings(
  where: string,
  buffers: readonly BufferUse[],
  identities: readonly unknown[],
  limit: number,
  f16 = false,
): BindingPlan {
  const groups = new Map<unknown, number[]>()
  buffers.forEach(({ unused }, index) => {
    if (unused) return
    const members = groups.get(identities[index])
    if (members) members.push(index)
    else groups.set(identities[index], [index])
  })
  const all = [...groups.values()].map((members) => ({
    members,
    written: members.some((m) => buffers[m]?.access !== 'read'),
  }))
  const excess = all.length - limit
  const packable = all.filter((group) => !group.written)
  if (excess > 0 && packable.length < excess + 1) {
    throw new BackendError(
      where,
      `at most ${limit} storage buffers, read-only ones counted once`,
      `${all.length - packable.length} written and ${packable.length} read`,
      'Split the op, or use a device with a higher maxStorageBuffersPerShaderStage.',
    )
  }
  const packed = excess > 0 ? packable.slice(0, excess + 1) : []
  // What is read comes first: kernels that differ in where they list an output are one shader.
  const bindings: StorageBinding[] = [...packable, ...all.filter(({ written }) => written)]
    .filter((group) => !packed.includes(group))
    .map(({ members, written }) => ({
      access: written ? 'read_write' : 'read',
      element: elementOf(members, buffers, f16),
      members,
      packed: false,
    }))
  const placements = buffers.map(() => ({ binding: 0, packedIndex: -1 }))
  bindings.forEach((binding, at) => {
    for (const member of binding.members) placements[member] = { binding: at, packedIndex: -1 }
  })
  packed.forEach((group, packedIndex) => {
    for (const member of group.members) placements[member] = { binding: bindings.length, packedIndex }
  })
  if (packed.length > 0) {
    // One member a group: the others share its copy.
    const members = packed.map((group) => group.members[0] as number)
    bindings.push({ access: 'read', element: 'u32', members, packed: true })
  }
  const key = [
    ...bindings.map((b) => `${b.access === 'read' ? 'r' : 'w'}${b.element}`),
    ...placements.map((p) => (p.packedIndex < 0 ? p.binding : `p${p.packedIndex}`)),
  ].join(',')
  return { bindings, placements, formats: formatsOf(buffers, bindings, placements, f16), key }
}

/** On devices with 16-bit floats, float16 has a type and bfloat16 shares its code with nothing. Aliases share their accessors. */
function formatsOf(
  buffers: readonly BufferUse[],
  bindings: readonly StorageBinding[],
  placements: BindingPlan['placements'],
  f16: boolean,
): number[] {
  return [...buffers.keys()].filter((index) => {
    if (buffers[index]?.unused) return false
    const { binding } = placements[index] as BindingPlan['placements'][number]
    const { element, members, packed } = bindings[binding] as StorageBinding
    const aliases = packed ? [index] : members
    const [dtype, another] = new Set(aliases.flatMap((member) => [...(buffers[member] as BufferUse).dtypes]))
    const name = another ? undefined : FORMATS[dtype as StoredDType]?.name
    const inWords = element === 'u32' || element === 'atomic<u32>'
    return inWords && (name === 'bits' || (name === 'half' && !f16))
  })
}

function elementOf(members: readonly number[], buffers: readonly BufferUse[], f16: boolean): WgslElement {
  const uses = members.map((m) => buffers[m] as BufferUse)
  const dtypes = new Set(uses.flatMap((use) => [...use.dtypes]))
  const only = dtypes.size === 1 ? ([...dtypes][0] as StoredDType) : undefined
  // Seen under two names, as in place, it must be touched by fours under both.
  if (uses.every(({ fours }) => fours) && only) return fourOf(only, f16)
  if (only === 'float16' && f16) return 'f16'
  // Writing a part of a word must not disturb the neighbour that another invocation writes.
  if (uses.some((use) => [...use.stored].some((dtype) => !NATIVE[dtype]))) return 'atomic<u32>'
  const elements = new Set([...dtypes].map((dtype) => NATIVE[dtype] ?? 'u32'))
  return elements.size === 1 ? ([...elements][0] as WgslElement) : 'u32'
}

function fourOf(dtype: StoredDType, f16: boolean): WgslElement {
  if (dtype === 'float32') return 'vec4<f32>'
  return dtype === 'float16' && f16 ? 'vec4<f16>' : 'vec2<u32>'
}
