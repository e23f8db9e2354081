import { peakMemory } from '../../schedule/peak-memory.js'
import type { Program } from '../../schedule/program.js'
import type { Executable } from '../backend.js'
import { BARRIER_BEFORE, COMMAND_WORDS, SOLO } from './control-layout.js'
import type { LoweredPass, LoweredProgram } from './lower-program.js'
import type { LinearMemory } from './memory.js'
import type { PassOrder } from './order-passes.js'
import type { CommandList } from './runner.js'

/** A program in linear memory: its commands and their arguments, with the words that depend on addresses marked. */
export interface LoadedProgram extends Executable {
  readonly region: number
  readonly commands: CommandList
  /** The kernel and the launch of each command. */
  readonly passes: readonly { readonly name: string; readonly launch: number }[]
  /** The least bytes of each bound buffer. */
  readonly boundBytes: readonly number[]
  /** Writes the addresses that have changed since the last run. */
  patch(arenaBase: number, bound: readonly number[]): void
}

/** Writes a lowered program into its region. `kernels`: table index of each pass. */
export function placeProgram(
  program: Program,
  lowered: LoweredProgram,
  kernels: readonly number[],
  memory: LinearMemory,
  region: number,
): LoadedProgram {
  const words = memory.words(region, lowered.regionBytes / 4)
  const counters = region + lowered.counters
  const passCount = lowered.passes.length
  const arenaWords: { word: number; offset: number }[] = []
  const boundWords: number[][] = lowered.boundBytes.map(() => [])
  const commandsOf = ({ order, meets }: PassOrder): Int32Array => {
    const commands = new Int32Array(passCount * COMMAND_WORDS)
    order.forEach((index, at) => {
      const pass = lowered.passes[index] as LoweredPass
      const flags = (pass.solo ? SOLO : 0) | (meets[at] ? BARRIER_BEFORE : 0)
      const own = lowered.counterCount === 0 ? 0 : counters + at * (lowered.counterCount / passCount) * 4
      commands.set([kernels[index] as number, region + pass.args, flags, own], at * COMMAND_WORDS)
    })
    return commands
  }
  // Where two of the buffers are one, nothing may be moved, and threads meet before every command.
  const inOrder: PassOrder = { order: [...lowered.passes.keys()], meets: lowered.passes.map((_, at) => at > 0) }
  const passesOf = ({ order }: PassOrder): LoweredPass[] => order.map((index) => lowered.passes[index] as LoweredPass)
  words.set(commandsOf(lowered.order))
  for (const pass of lowered.passes) {
    const first = pass.args / 4
    pass.addresses.forEach((source, b) => {
      if ('arena' in source) arenaWords.push({ word: first + b, offset: source.arena })
      else (boundWords[source.bound] as number[]).push(first + b)
    })
    words.set([...pass.params, pass.pieces], first + pass.addresses.length)
  }
  // The passes of a launch share one workspace.
  const workspaces = new Map<number, number>()
  for (const { launch, workspaceBytes } of lowered.passes) {
    workspaces.set(launch, Math.max(workspaces.get(launch) ?? 0, workspaceBytes))
  }
  const wordCount = lowered.regionBytes / 4
  const lastBound = lowered.boundBytes.map(() => -1)
  let lastBase = -1
  let wereAliased = false
  let passes = passesOf(lowered.order)
  return {
    program,
    temporaryBytes: lowered.arenaBytes,
    peakBytes: peakMemory(program, { workspaceOf: (launch) => workspaces.get(launch) ?? 0 }).bytes,
    region,
    boundBytes: lowered.boundBytes,
    get passes() {
      return passes
    },
    commands: {
      address: region,
      count: passCount,
      counters,
      counterCount: lowered.counterCount,
      solo: lowered.solo,
      get labels() {
        return passes.map((pass) => pass.label)
      },
    },
    patch(arenaBase, bound) {
      let view: Int32Array | null = null
      const write = (word: number, address: number): void => {
        view ??= memory.words(region, wordCount)
        view[word] = address
      }
      const aliased = new Set(bound).size < bound.length
      if (aliased !== wereAliased) {
        const order = aliased ? inOrder : lowered.order
        memory.words(region, passCount * COMMAND_WORDS).set(commandsOf(order))
        passes = passesOf(order)
      }
      wereAliased = aliased
      if (arenaBase !== lastBase) for (const { word, offset } of arenaWords) write(word, arenaBase + offset)
      lastBase = arenaBase
      for (let slot = 0; slot < bound.length; slot++) {
        const address = bound[slot] as number
        if (address === lastBound[slot]) continue
        lastBound[slot] = address
        for (const word of boundWords[slot] as number[]) write(word, address)
      }
    },
  }
}
