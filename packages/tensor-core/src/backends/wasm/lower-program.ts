import type { LaunchPass } from '../../codegen/launch-pass.js'
import { lowerLaunch } from '../../codegen/lower-launch.js'
import { sourcePass } from '../../codegen/op-kernel.js'
import { byteLengthOf } from '../../dtype.js'
import type { KernelSource } from '../../ops/op-record.js'
import type { FusedLaunch, Program } from '../../schedule/program.js'
import { ALIGNMENT, alignUp } from './allocator.js'
import { BARRIER_BEFORE, COMMAND_WORDS, SOLO } from './control-layout.js'
import { WASM_TARGET } from './kernel-cache.js'
import type { EngineFeatures, KernelOverrides } from './kernel-overrides.js'
import { memoryConflicts, type Touched } from './memory-conflicts.js'
import { type Interval, packArena } from './pack-arena.js'

/** Less work than this takes less time than meeting at a barrier: one thread does it while the others wait. */
const SOLO_WORK = 8192

/** Where a buffer argument's address comes from. */
export type AddressSource = { readonly bound: number } | { readonly arena: number }

export interface LoweredPass extends LaunchPass {
  readonly label: string
  /** Index of its launch. */
  readonly launch: number
  readonly addresses: readonly AddressSource[]
  readonly flags: number
  /** Byte offset of its arguments in the program's region. */
  readonly args: number
}

/** A program as the passes that run it; addresses are filled in later. */
export interface LoweredProgram {
  readonly passes: readonly LoweredPass[]
  /** Temporaries and workspaces. */
  readonly arenaBytes: number
  /** Commands, then arguments, then counters. */
  readonly regionBytes: number
  /** Byte offset in the region of the words by which workers claim their work, and their number. */
  readonly counters: number
  readonly counterCount: number
  /** Bytes of each bound slot. */
  readonly boundBytes: readonly number[]
  readonly solo: boolean
}

export interface LowerOptions {
  readonly workers: number
  readonly features: EngineFeatures
  readonly overrides: KernelOverrides
  readonly fusedKernels: (launch: FusedLaunch) => readonly KernelSource[]
}

export function lowerProgram(
  program: Program,
  { workers, features, overrides, fusedKernels }: LowerOptions,
): LoweredProgram {
  const lowered = program.launches.flatMap((launch, index) => {
    const better = launch.kind === 'op' ? overrides[launch.record.name]?.(launch, features) : null
    const passes =
      launch.kind === 'op' && better
        ? better.flatMap(({ name, source, work }) => {
            const pass = sourcePass(name, source, launch, `override ${name}`)
            return pass ? [work === undefined ? pass : { ...pass, work }] : []
          })
        : lowerLaunch(launch, WASM_TARGET, fusedKernels)
    return passes.map((pass) => ({ pass, launch: index, label: launch.label }))
  })

  const boundBytes: number[] = []
  const temporaries: { bytes: number; first: number; last: number }[] = []
  const places = program.slots.map((slot): { bound: number } | { temporary: number } => {
    const bytes = byteLengthOf(slot.dtype, slot.size)
    if (slot.role === 'bound') return { bound: boundBytes.push(bytes) - 1 }
    return { temporary: temporaries.push({ bytes, first: slot.first, last: slot.last }) - 1 }
  })
  const workspaces = new Map<number, { temporary: number; bytes: number }>()
  for (const { pass, launch } of lowered) {
    if (pass.workspaceBytes === 0 && !pass.buffers.includes('workspace')) continue
    const known = workspaces.get(launch)
    const bytes = Math.max(pass.workspaceBytes, known?.bytes ?? 0)
    const temporary = known?.temporary ?? temporaries.length
    temporaries[temporary] = { bytes, first: launch, last: launch }
    workspaces.set(launch, { temporary, bytes })
  }
  const arena = packArena(temporaries)

  let args = alignUp(lowered.length * COMMAND_WORDS * 4)
  const conflicts = memoryConflicts()
  const passes = lowered.map(({ pass, launch, label }): LoweredPass => {
    const solo = workers === 1 || pass.work < SOLO_WORK
    const touched = pass.buffers.map((buffer): Touched => {
      const place =
        buffer === 'workspace'
          ? { temporary: (workspaces.get(launch) as { temporary: number }).temporary }
          : (places[buffer.slot] as { bound: number } | { temporary: number })
      const writes = buffer === 'workspace' || buffer.access === 'write'
      if ('bound' in place) return { space: place.bound, start: 0, end: 1, writes }
      const start = arena.offsets[place.temporary] as number
      return { space: 'arena', start, end: start + (temporaries[place.temporary] as Interval).bytes, writes }
    })
    const meet = conflicts.mustMeet(touched, solo)
    if (meet) conflicts.clear()
    conflicts.add(touched, solo)
    const at = args
    args += 4 * (pass.buffers.length + pass.params.length)
    // Arguments of neighbours share no cache line with a write: they are only read.
    args = Math.ceil(args / 16) * 16
    return {
      ...pass,
      label,
      launch,
      addresses: touched.map(({ space, start }) => (space === 'arena' ? { arena: start } : { bound: space })),
      flags: (solo ? SOLO : 0) | (meet ? BARRIER_BEFORE : 0),
      args: at,
    }
  })
  const counters = alignUp(args)
  const counterCount = workers === 1 ? 0 : workers * passes.length
  return {
    passes,
    arenaBytes: arena.bytes,
    counters,
    counterCount,
    regionBytes: Math.max(ALIGNMENT, alignUp(counters + 4 * counterCount)),
    boundBytes,
    solo: passes.every((pass) => (pass.flags & SOLO) !== 0),
  }
}
