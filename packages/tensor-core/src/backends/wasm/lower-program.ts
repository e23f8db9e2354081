import type { LaunchPass } from '../../codegen/launch-pass.js'
import { epiloguePass, lowerLaunch } from '../../codegen/lower-launch.js'
import { sourcePass } from '../../codegen/op-kernel.js'
import { byteLengthOf } from '../../dtype.js'
import type { KernelSource } from '../../ops/op-record.js'
import { withoutEpilogue } from '../../schedule/epilogue.js'
import type { FusedLaunch, OpLaunch, Program } from '../../schedule/program.js'
import { ALIGNMENT, alignUp } from './allocator.js'
import { COMMAND_WORDS } from './control-layout.js'
import { WASM_TARGET } from './kernel-cache.js'
import type { EngineFeatures, KernelOverrides, OverridePass } from './kernel-overrides.js'
import { orderPasses, type PassOrder, type Touched } from './order-passes.js'
import { type Interval, packArena } from './pack-arena.js'

/** Less work than this takes less time than meeting at a barrier: one thread does it while the others wait. */
const SOLO_WORK = 8192

/** A worker claims its share of a pass in pieces of about this much work: 5 microseconds of a matrix product. */
const PIECE_WORK = 2 ** 17
/** Few, because a claim costs 0.1 microseconds; and no more than a worker that comes late needs to find some left. */
const [LEAST_PIECES, MOST_PIECES] = [4, 64]

/** Where a buffer argument's address comes from. */
export type AddressSource = { readonly bound: number } | { readonly arena: number }

export interface LoweredPass extends LaunchPass {
  readonly label: string
  /** Index of its launch. */
  readonly launch: number
  readonly addresses: readonly AddressSource[]
  /** One thread runs it. */
  readonly solo: boolean
  /** Pieces of a worker's share. */
  readonly pieces: number
  /** Byte offset of its arguments in the program's region. */
  readonly args: number
}

/** A program as the passes that run it; addresses are filled in later. */
export interface LoweredProgram {
  /** In the program's order. */
  readonly passes: readonly LoweredPass[]
  /** The order in which they run, where all buffers are different. */
  readonly order: PassOrder
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
    const better =
      launch.kind === 'op'
        ? overrides[launch.record.name]?.(launch, features)
        : launch.kind === 'fused'
          ? overrides[launch.definition.name]?.(launch, features)
          : null
    const passes =
      (launch.kind === 'op' || launch.kind === 'fused') && better
        ? overridePasses(launch, better, workers)
        : lowerLaunch(launch, WASM_TARGET, fusedKernels, workers)
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
  const touchedBy: (readonly Touched[])[] = []
  const passes = lowered.map(({ pass, launch, label }): LoweredPass => {
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
    touchedBy.push(touched)
    const at = args
    args += 4 * (pass.buffers.length + pass.params.length + 1)
    // Arguments of neighbours share no cache line with a write: they are only read.
    args = Math.ceil(args / 16) * 16
    return {
      ...pass,
      label,
      launch,
      addresses: touched.map(({ space, start }) => (space === 'arena' ? { arena: start } : { bound: space })),
      solo: workers === 1 || pass.work < SOLO_WORK,
      pieces: Math.max(LEAST_PIECES, Math.min(MOST_PIECES, Math.round(pass.work / workers / PIECE_WORK))),
      args: at,
    }
  })
  const counters = alignUp(args)
  const counterCount = workers === 1 ? 0 : workers * passes.length
  const order = orderPasses(passes.map(({ solo }, i) => ({ solo, touched: touchedBy[i] as readonly Touched[] })))
  return {
    passes,
    order,
    arenaBytes: arena.bytes,
    counters,
    counterCount,
    regionBytes: Math.max(ALIGNMENT, alignUp(counters + 4 * counterCount)),
    boundBytes,
    solo: passes.every((pass) => pass.solo),
  }
}

function overridePasses(
  launch: OpLaunch | FusedLaunch,
  better: readonly OverridePass[],
  workers: number,
): LaunchPass[] {
  const own = launch.kind === 'op' ? withoutEpilogue(launch) : launch
  const passes = better.map(({ name, source, finishes }) =>
    sourcePass(name, source, finishes ? launch : own, { code: `override ${name}`, workers }),
  )
  const finished = launch.kind === 'fused' || better.some(({ finishes }) => finishes)
  return [...passes, finished ? null : epiloguePass(launch, WASM_TARGET)].filter((pass) => pass !== null)
}
