import { byteLengthOf, bytesPerElement, isBlock } from '../../../dtype.js'
import type { Launch, Operand } from '../../../schedule/program.js'
import { sizeOf } from '../../../shape.js'
import { wholeWords } from '../gpu-constants.js'

/** The part of a buffer that a kernel binds. */
export interface Window {
  readonly offset: number
  readonly bytes: number
}

/** Windows by slot; a slot that is not there is bound whole. */
export type Windows = ReadonlyMap<number, Window>

/** What decides whether a launch can bind its operands. */
export interface BindingRules {
  /** The most bytes that a kernel may bind of a buffer. */
  readonly limit: number
  /** Windows begin at multiples of it; a multiple of 16, so that what was read by fours still is. */
  readonly alignment: number
  readonly slotBytes: readonly number[]
  /** For each slot the slot whose buffer it shares. */
  readonly aliases: readonly number[]
}

export const operandsOf = (launch: Launch): readonly Operand[] => [
  ...launch.inputs,
  ...(launch.kind === 'reduce' ? [launch.output] : launch.outputs),
]

export function isLarge({ slot }: Operand, { limit, slotBytes }: BindingRules): boolean {
  return (slotBytes[slot] as number) > limit
}

/** Windows of a launch's large operands: for each the least that holds every element which its views reach. */
export function windowsOf(launch: Launch, rules: BindingRules): Windows {
  const { alignment, slotBytes, aliases } = rules
  const reach = new Map<number, { first: number; end: number }>()
  const large = operandsOf(launch).filter((operand) => isLarge(operand, rules))
  for (const operand of large) {
    const shared = aliases[operand.slot] as number
    const [own, known] = [reachOf(operand), reach.get(shared)]
    reach.set(shared, {
      first: Math.min(own.first, known?.first ?? own.first),
      end: Math.max(own.end, known?.end ?? own.end),
    })
  }
  const windows = new Map<number, Window>()
  for (const { slot } of large) {
    const { first, end } = reach.get(aliases[slot] as number) as { first: number; end: number }
    const offset = Math.floor(first / alignment) * alignment
    const whole = Math.ceil(wholeWords(end) / 16) * 16
    windows.set(slot, { offset, bytes: Math.min(whole, slotBytes[slot] as number) - offset })
  }
  return windows
}

/** The launch as it reads and writes through its windows: views count from their beginnings. */
export function throughWindows(launch: Launch, windows: Windows): Launch {
  const move = (operand: Operand): Operand => {
    const window = windows.get(operand.slot)
    if (!window || isBlock(operand.dtype)) return operand
    const offset = operand.view.offset - window.offset / bytesPerElement(operand.dtype)
    return { ...operand, view: { ...operand.view, offset } }
  }
  const inputs = launch.inputs.map(move)
  return launch.kind === 'reduce'
    ? { ...launch, inputs, output: move(launch.output) }
    : { ...launch, inputs, outputs: launch.outputs.map(move) }
}

/** Bytes from the first element that a view reaches to behind the last. */
function reachOf({ dtype, view: { shape, strides, offset } }: Operand): { first: number; end: number } {
  if (isBlock(dtype)) return { first: 0, end: byteLengthOf(dtype, sizeOf(shape)) }
  if (sizeOf(shape) === 0) return { first: 0, end: 0 }
  let [least, most] = [offset, offset]
  shape.forEach((extent, axis) => {
    const way = (extent - 1) * (strides[axis] as number)
    if (way < 0) least += way
    else most += way
  })
  const size = bytesPerElement(dtype)
  return { first: least * size, end: (most + 1) * size }
}
