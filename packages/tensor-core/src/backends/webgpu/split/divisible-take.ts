import { rowsAround } from '../../../ops/rows.js'
import type { Operand, OpLaunch } from '../../../schedule/program.js'
import { sizeOf } from '../../../shape.js'
import { contiguousView } from '../../../view.js'
import type { Divisible } from './divisible.js'
import { slicedAlong } from './sliced-along.js'
import { type TableWindow, takeFromWindow } from './take-from-window.kernel.js'

/**
 * `take` in pieces: along the axes before the picked one, along the table's rows (a piece writes only what it finds
 * in its own) and along the indices.
 */
export function divisibleTake(launch: OpLaunch): Divisible {
  const [x, indices] = launch.inputs as [Operand, Operand]
  const [y] = launch.outputs as [Operand]
  const { outer, n, inner } = rowsAround(x.view.shape, (launch.attributes as { readonly axis: number }).axis)
  const count = sizeOf(indices.view.shape)
  const as = (operand: Operand, shape: readonly number[]): Operand => ({
    ...operand,
    view: { ...contiguousView(shape), offset: operand.view.offset },
  })
  const flat = { x: as(x, [outer, n, inner]), indices: as(indices, [count]), y: as(y, [outer, count, inner]) }
  const record = { ...launch.record, name: 'takeFromWindow', kernel: takeFromWindow }
  return {
    extents: [outer, n, count],
    piece(starts, lengths) {
      const [outerStart, row, first] = starts as [number, number, number]
      const [outers, rows, many] = lengths as [number, number, number]
      const attributes: TableWindow = { rows: n, first: row }
      return {
        ...launch,
        record,
        attributes,
        inputs: [slicedAlong(flat.x, [outerStart, row], [outers, rows]), slicedAlong(flat.indices, [first], [many])],
        outputs: [slicedAlong(flat.y, [outerStart, first], [outers, many])],
      }
    },
  }
}
