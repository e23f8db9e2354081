import { isContiguous } from '../view.js'
import { lifetimesOf } from './lifetimes.js'
import { aliasSafe, renameLaunch } from './place-assigns.js'
import type { Launch, Operand } from './program.js'
import { inputsOf, outputsOf, type ProgramDraft } from './program-builder.js'

/**
 * Lets a launch write a temporary where one that it reads for the last time stands, if it reads each element of that one
 * only before it writes the same place: a map over contiguous operands, or an op that says so (`inPlace`). The two become
 * one slot, which need not be held twice while the launch runs.
 */
export function reuseSlots<Binding>(draft: ProgramDraft<Binding>): ProgramDraft<Binding> {
  const { slots } = draft
  const lifetimes = lifetimesOf(draft.launches)
  const moved = new Map<number, number>()
  const find = (slot: number): number => moved.get(slot) ?? slot
  const launches = draft.launches.map((original, index): Launch => {
    const launch = renameLaunch(original, (operand) => ({ ...operand, slot: find(operand.slot) }))
    const taken = new Set<number>()
    const place = (output: Operand): number | undefined => {
      if (slots[output.slot]?.bound !== undefined || lifetimes.get(output.slot)?.first !== index) return undefined
      if (!fills(draft, output)) return undefined
      return inputsOf(launch).find(
        (input) =>
          slots[input.slot]?.bound === undefined &&
          lifetimes.get(input.slot)?.last === index &&
          !taken.has(input.slot) &&
          input.dtype === output.dtype &&
          fills(draft, input) &&
          aliasSafe(launch, output, input.slot),
      )?.slot
    }
    for (const output of outputsOf(launch)) {
      const target = place(output)
      if (target === undefined) continue
      taken.add(target)
      moved.set(output.slot, target)
      lifetimes.set(target, { first: index, last: lifetimes.get(output.slot)?.last as number })
    }
    if (taken.size === 0) return launch
    return renameLaunch(launch, (operand) => ({ ...operand, slot: find(operand.slot) }))
  })
  return { slots, launches }
}

/** Whether an operand is all of its slot, as it is stored. */
function fills<Binding>({ slots }: ProgramDraft<Binding>, { slot, dtype, view }: Operand): boolean {
  const { dtype: stored, size } = slots[slot] as { dtype: Operand['dtype']; size: number }
  return stored === dtype && isContiguous(view) && view.shape.reduce((a, b) => a * b, 1) === size
}
