import { dtypeName } from '../../../dtype.js'
import { MemoryLimitError } from '../../../errors.js'
import { epilogueMap, ownInputs, withoutEpilogue } from '../../../schedule/epilogue.js'
import type { Launch } from '../../../schedule/program.js'
import { formatShape } from '../../../shape.js'
import { type Divisible, divisible } from './divisible.js'
import { type BindingRules, isLarge, operandsOf, throughWindows, type Windows, windowsOf } from './windows.js'

/** A launch, or a part of it, with what its kernels bind. */
export interface LaunchPiece {
  readonly launch: Launch
  readonly windows: Windows
}

/** Axes are cut at multiples of it where they are long: at the alignment of windows, or near it. */
const CUT_STEP = 64

/**
 * A launch whose operands are larger than a kernel may bind, as pieces that each bind windows of them: halves of the axis
 * whose halving leaves the least too large, again and again until they fit. No sum is cut, so results are those of
 * the whole launch. An epilogue is then a launch of its own.
 * @throws MemoryLimitError where a launch cannot be cut so far
 */
export function splitLaunch(launch: Launch, rules: BindingRules): readonly LaunchPiece[] {
  if (!operandsOf(launch).some((operand) => isLarge(operand, rules))) return [{ launch, windows: new Map() }]
  if ((launch.kind === 'op' || launch.kind === 'reduce') && launch.epilogue) {
    const output = launch.kind === 'reduce' ? launch.output : launch.outputs[0]
    const shares = (slot: number): boolean => rules.aliases[slot] === rules.aliases[output?.slot as number]
    // The epilogue's operand would be overwritten before the epilogue runs.
    if (launch.inputs.slice(ownInputs(launch).length).some(({ slot }) => shares(slot))) throw tooLarge(launch, rules)
    const map = epilogueMap(launch) as Launch
    return [...splitLaunch(withoutEpilogue(launch), rules), ...splitLaunch(map, rules)]
  }
  const parts = divisible(launch)
  if (!parts) throw tooLarge(launch, rules)
  return halve(launch, parts, { starts: parts.extents.map(() => 0), lengths: parts.extents }, rules)
}

interface Box {
  readonly starts: readonly number[]
  readonly lengths: readonly number[]
}

function halve(whole: Launch, parts: Divisible, box: Box, rules: BindingRules): LaunchPiece[] {
  const launch = parts.piece(box.starts, box.lengths)
  const windows = windowsOf(launch, rules)
  const now = excess(windows, rules)
  if (now === 0) return [{ launch: throughWindows(launch, windows), windows }]
  const excessOf = ({ starts, lengths }: Box): number => excess(windowsOf(parts.piece(starts, lengths), rules), rules)
  const best = { excess: now, halves: [] as readonly Box[] }
  box.lengths.forEach((length, axis) => {
    if (length < 2) return
    const middle = length >= 2 * CUT_STEP ? Math.ceil(length / 2 / CUT_STEP) * CUT_STEP : Math.ceil(length / 2)
    const halves = [
      { ...box, lengths: box.lengths.with(axis, middle) },
      {
        starts: box.starts.with(axis, (box.starts[axis] as number) + middle),
        lengths: box.lengths.with(axis, length - middle),
      },
    ]
    const left = Math.max(...halves.map(excessOf))
    if (left < best.excess) Object.assign(best, { excess: left, halves })
  })
  if (best.halves.length === 0) throw tooLarge(whole, rules)
  return best.halves.flatMap((half) => halve(whole, parts, half, rules))
}

/** Bytes of the windows that do not fit. */
const excess = (windows: Windows, { limit }: BindingRules): number =>
  [...windows.values()].reduce((sum, { bytes }) => sum + (bytes > limit ? bytes : 0), 0)

function tooLarge(launch: Launch, rules: BindingRules): MemoryLimitError {
  const operands = operandsOf(launch)
  const at = operands.findIndex((operand) => isLarge(operand, rules))
  const { slot, dtype, view } = operands[at] as (typeof operands)[number]
  const name = at < launch.inputs.length ? `input ${at}` : `output ${at - launch.inputs.length}`
  return new MemoryLimitError(
    `webgpu: ${launch.label}`,
    `at most ${rules.limit} bytes of a buffer in a kernel that cannot be run in pieces`,
    `${rules.slotBytes[slot]} behind ${name} (${dtypeName(dtype)} ${formatShape(view.shape)})`,
    'Split the tensor or use a smaller batch, or an adapter with a larger maxStorageBufferBindingSize.',
  )
}
