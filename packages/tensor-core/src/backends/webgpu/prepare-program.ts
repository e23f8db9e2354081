import type { LaunchPass } from '../../codegen/launch-pass.js'
import { byteLengthOf } from '../../dtype.js'
import { MemoryLimitError } from '../../errors.js'
import type { BufferRef } from '../../kernel/value.js'
import { peakOf } from '../../schedule/peak-memory.js'
import type { Program } from '../../schedule/program.js'
import type { GpuTraits } from '../../wgsl/wgsl-source.js'
import { dispatchCount, foldGroups } from './dispatch-count.js'
import { paramWords } from './emit-wgsl.js'
import { BUFFER_USAGE, wholeWords } from './gpu-constants.js'
import type { CompiledKernel, KernelCache } from './kernel-cache.js'
import { type FusedKernels, lowerForGpu } from './lower-for-gpu.js'
import { planTemporaries, type Temporary } from './plan-temporaries.js'
import { splitLaunch } from './split/split-launch.js'
import type { BindingRules, Windows } from './split/windows.js'
import { type GpuPass, isWgsl } from './wgsl-pass.js'
import { FORMATS } from './wgsl-storage.js'

/** A buffer of a step: one given with `run`, by its place among them, or a block of the temporaries. */
export type StepBuffer = { readonly bound: number } | { readonly block: number }

export interface Copy {
  readonly source: StepBuffer
  readonly sourceOffset: number
  readonly target: StepBuffer
  readonly targetOffset: number
  readonly bytes: number
}

/** Before the temporaries are dealt out to blocks. */
type Place = { readonly bound: number } | { readonly temporary: number }

/** One dispatch. */
export interface Step {
  readonly label: string
  /** Its launch in the program, and its pass's name. */
  readonly launch: number
  readonly name: string
  readonly kernel: CompiledKernel
  /** Workgroups in x and y. */
  readonly groups: readonly [number, number]
  /** Where its parameters stand in the program's parameter buffer. */
  readonly paramsOffset: number
  readonly paramsBytes: number
  /** One a storage binding. */
  readonly buffers: readonly { readonly buffer: StepBuffer; readonly offset: number; readonly bytes: number }[]
  /** Before it: buffers packed into one because there are too many to bind. */
  readonly copies: readonly Copy[]
}

export interface PreparedProgram {
  readonly steps: readonly Step[]
  readonly params: GPUBuffer | null
  /** Sizes of the temporaries' blocks. */
  readonly blocks: readonly number[]
  /** The most bytes of temporaries, workspaces and packed inputs alive at one launch. */
  readonly peakBytes: number
}

/**
 * A program as dispatches, with its kernels compiled (all at once, in the background) and its parameters written.
 * `aliases`: for each slot the slot whose buffer it shares; itself where it has its own. `maxBindingBytes`: the most of a
 * buffer that a kernel may bind; launches with larger operands run in pieces.
 * @throws MemoryLimitError, KernelTypeError, BackendError
 */
export async function prepareProgram(
  device: GPUDevice,
  kernels: KernelCache,
  traits: GpuTraits,
  program: Program,
  fusedKernels: FusedKernels,
  aliases: readonly number[],
  maxBindingBytes: number,
): Promise<PreparedProgram> {
  const slotBytes = program.slots.map((slot) => wholeWords(byteLengthOf(slot.dtype, slot.size)))
  const check = (what: string, bytes: number, largest: number): number => {
    if (bytes <= largest) return bytes
    const hint = 'Use a smaller batch, or a backend with larger buffers.'
    throw new MemoryLimitError(`webgpu: ${what}`, `at most ${largest} bytes a buffer`, `${bytes}`, hint)
  }
  slotBytes.forEach((bytes, slot) => {
    check(`slot ${slot}`, bytes, device.limits.maxBufferSize)
  })
  const rules: BindingRules = {
    limit: maxBindingBytes,
    alignment: Math.max(256, device.limits.minStorageBufferOffsetAlignment),
    slotBytes,
    aliases,
  }

  const temporaries: Temporary[] = []
  const temporary = (bytes: number, first: number, last: number): number => temporaries.push({ bytes, first, last }) - 1
  let bound = 0
  const places = program.slots.map(
    (slot, index): Place =>
      slot.role === 'bound'
        ? { bound: bound++ }
        : { temporary: temporary(slotBytes[index] as number, slot.first, slot.last) },
  )

  const passes: { pass: GpuPass; label: string; index: number; workspace: number; windows: Windows }[] = []
  program.launches.forEach((launch, index) => {
    const lowered = splitLaunch(launch, rules).flatMap(({ launch: piece, windows }) =>
      lowerForGpu(piece, fusedKernels, traits).map((pass) => ({ pass, windows })),
    )
    const bytes = Math.max(0, ...lowered.map(({ pass }) => pass.workspaceBytes))
    const usesWorkspace = lowered.some(({ pass }) => pass.buffers.includes('workspace'))
    // The passes of a launch share one workspace.
    const workspace = usesWorkspace
      ? temporary(wholeWords(check(`workspace of ${launch.label}`, bytes, maxBindingBytes)), index, index)
      : -1
    for (const { pass, windows } of lowered) passes.push({ pass, label: launch.label, index, workspace, windows })
  })
  const compiled = await settleAll(
    passes.map(({ pass, label }) => {
      const identities = pass.buffers.map((b) => (b === 'workspace' ? -1 : (aliases[b.slot] as number)))
      return kernels.compile(pass, label, identities)
    }),
  )

  // Packed buffers take temporaries of their own, so the plan is made when all kernels are known.
  const alignment = device.limits.minUniformBufferOffsetAlignment
  let paramsBytes = 0
  const drafts = passes.map(({ pass, label, index, workspace, windows }, at) => {
    const kernel = compiled[at] as CompiledKernel
    const source = (member: number): { place: Place; offset: number; bytes: number } => {
      const buffer = pass.buffers[member] as LaunchPass['buffers'][number]
      if (buffer === 'workspace')
        return { place: { temporary: workspace }, offset: 0, bytes: temporaries[workspace]?.bytes as number }
      const whole = { offset: 0, bytes: slotBytes[buffer.slot] as number }
      return { place: places[buffer.slot] as Place, ...(windows.get(buffer.slot) ?? whole) }
    }
    const copies: { source: Place; sourceOffset: number; target: Place; targetOffset: number; bytes: number }[] = []
    const words = [...pass.params]
    const buffers = kernel.plan.bindings.map((binding): { place: Place; offset: number; bytes: number } => {
      if (!binding.packed) return source(binding.members[0] as number)
      const members = binding.members.map(source)
      const total = members.reduce((sum, { bytes }) => sum + bytes, 0)
      const target = { temporary: temporary(check(`packed inputs of ${label}`, total, maxBindingBytes), index, index) }
      let targetOffset = 0
      for (const { place, offset, bytes } of members) {
        copies.push({ source: place, sourceOffset: offset, target, targetOffset, bytes })
        words.push(targetOffset / 4)
        targetOffset += bytes
      }
      return { place: target, offset: 0, bytes: total }
    })
    const formats = kernel.plan.formats.map((index) => FORMATS[(kernel.code.buffers[index] as BufferRef).dtype]?.format)
    words.push(...formats.map((format) => format ?? 0))
    const paramsOffset = paramsBytes
    const length = paramWords(kernel.code, kernel.plan) * 4
    paramsBytes = Math.ceil((paramsOffset + length) / alignment) * alignment
    const limit = device.limits.maxComputeWorkgroupsPerDimension
    const groups = isWgsl(pass)
      ? foldGroups(pass.groups, limit)
      : ([dispatchCount(kernel.code, pass.params, limit), 1] as const)
    return {
      label,
      launch: index,
      name: pass.name,
      kernel,
      groups,
      paramsOffset,
      paramsBytes: length,
      words,
      buffers,
      copies,
    }
  })

  const { blocks, assignment } = planTemporaries(temporaries)
  const peakBytes = peakOf(temporaries, program.launches.length)
  const resolve = (place: Place): StepBuffer =>
    'bound' in place ? place : { block: assignment[place.temporary] as number }
  const steps = drafts
    .filter(({ groups }) => groups[0] > 0)
    .map(
      ({ words: _, buffers, copies, ...rest }): Step => ({
        ...rest,
        buffers: buffers.map(({ place, offset, bytes }) => ({ buffer: resolve(place), offset, bytes })),
        copies: copies.map((copy) => ({ ...copy, source: resolve(copy.source), target: resolve(copy.target) })),
      }),
    )
  if (paramsBytes === 0) return { steps, params: null, blocks, peakBytes }

  const params = device.createBuffer({
    label: 'parameters',
    size: paramsBytes,
    usage: BUFFER_USAGE.uniform | BUFFER_USAGE.copyDestination,
  })
  const all = new Int32Array(paramsBytes / 4)
  for (const { words, paramsOffset } of drafts) all.set(words, paramsOffset / 4)
  device.queue.writeBuffer(params, 0, all)
  return { steps, params, blocks, peakBytes }
}

/** All results, or the first failure when everything has ended: nothing goes on in the background after a throw. */
async function settleAll<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises)
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason
    return result.value
  })
}
