import { isContiguous } from '../view.js'
import { renameLaunch } from './place-assigns.js'
import type { Launch, Operand } from './program.js'
import { inputsOf, outputsOf, type ProgramDraft } from './program-builder.js'

/**
 * Takes out copies of temporaries that nobody reads afterwards: the copy and the original become one slot. `wanted`: slots
 * that are read once the program has run. Returns where to find what stood in a slot.
 */
export function elideCopies<Binding>(
  draft: ProgramDraft<Binding>,
  wanted: ReadonlySet<number>,
): (operand: Operand) => Operand {
  const { launches, slots } = draft
  const moved = new Map<number, number>()
  const find = (slot: number): number => {
    const next = moved.get(slot)
    return next === undefined ? slot : find(next)
  }
  for (let i = 0; i < launches.length; i++) {
    const launch = launches[i] as Launch
    if (launch.kind !== 'map' || launch.expressions.length !== 1 || launch.expressions[0]?.kind !== 'input') continue
    const [from, to] = [launch.inputs[0] as Operand, launch.outputs[0] as Operand]
    const temporary = (slot: number) => slots[slot]?.bound === undefined
    if (!temporary(from.slot) || !temporary(to.slot) || from.dtype !== to.dtype) continue
    if ([...wanted].some((slot) => find(slot) === from.slot)) continue
    if (!isContiguous(from.view) || !isContiguous(to.view) || slots[from.slot]?.size !== slots[to.slot]?.size) continue
    const touches = (other: Launch, slot: number) =>
      [...inputsOf(other), ...outputsOf(other)].some((o) => o.slot === slot)
    // An update that starts from this copy names the original as an input whose buffer its kernel does not read.
    const startsFrom = (other: Launch) =>
      other.kind === 'op' &&
      Object.entries(other.record.updates ?? {}).some(([output, input]) => {
        const rest = other.inputs.some((x, at) => x.slot === from.slot && at !== input)
        return !rest && other.inputs[input]?.slot === from.slot && other.outputs[Number(output)]?.slot === to.slot
      })
    const later = launches.slice(i + 1)
    if (later.some((other) => touches(other, from.slot) && !startsFrom(other))) continue
    if (launches.slice(0, i).some((other) => touches(other, to.slot))) continue
    const rename = (operand: Operand) => (operand.slot === to.slot ? { ...operand, slot: from.slot } : operand)
    launches.splice(i, launches.length - i, ...later.map((other) => renameLaunch(other, rename)))
    moved.set(to.slot, from.slot)
    i--
  }
  return (operand) => ({ ...operand, slot: find(operand.slot) })
}
