import type { Program } from '../../schedule/program.js'
import type { Executable } from '../backend.js'
import { BARRIER_BEFORE, COMMAND_WORDS } from './control-layout.js'
import type { LoweredProgram } from './lower-program.js'
import type { LinearMemory } from './memory.js'
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
  lowered.passes.forEach((pass, i) => {
    words[i * COMMAND_WORDS] = kernels[i] as number
    words[i * COMMAND_WORDS + 1] = region + pass.args
    words[i * COMMAND_WORDS + 2] = pass.flags
    words[i * COMMAND_WORDS + 3] =
      lowered.counterCount === 0 ? 0 : counters + i * (lowered.counterCount / passCount) * 4
    const first = pass.args / 4
    pass.addresses.forEach((source, b) => {
      if ('arena' in source) arenaWords.push({ word: first + b, offset: source.arena })
      else (boundWords[source.bound] as number[]).push(first + b)
    })
    words.set(pass.params, first + pass.addresses.length)
  })
  const wordCount = lowered.regionBytes / 4
  const lastBound = lowered.boundBytes.map(() => -1)
  let lastBase = -1
  let wereAliased = false
  return {
    program,
    temporaryBytes: lowered.arenaBytes,
    region,
    boundBytes: lowered.boundBytes,
    passes: lowered.passes.map(({ name, launch }) => ({ name, launch })),
    commands: {
      address: region,
      count: passCount,
      counters,
      counterCount: lowered.counterCount,
      solo: lowered.solo,
      labels: lowered.passes.map((pass) => pass.label),
    },
    patch(arenaBase, bound) {
      let view: Int32Array | null = null
      const write = (word: number, address: number): void => {
        view ??= memory.words(region, wordCount)
        view[word] = address
      }
      // Flags were made for buffers that are all different: where two are one, threads meet before every command.
      const aliased = new Set(bound).size < bound.length
      if (aliased !== wereAliased) {
        lowered.passes.forEach(({ flags }, i) => {
          write(i * COMMAND_WORDS + 2, aliased && i > 0 ? flags | BARRIER_BEFORE : flags)
        })
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
