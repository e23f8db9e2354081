import type { Operand } from '../../../schedule/program.js'
import { sliceView } from '../../../view.js'

/** An operand's part in a box of its leading axes. */
export function slicedAlong(operand: Operand, starts: readonly number[], lengths: readonly number[]): Operand {
  const { shape } = operand.view
  const rest = shape.slice(starts.length)
  const view = sliceView(
    operand.view,
    [...starts, ...rest.map(() => 0)],
    [...lengths, ...rest],
    shape.map(() => 1),
  )
  return { ...operand, view }
}
