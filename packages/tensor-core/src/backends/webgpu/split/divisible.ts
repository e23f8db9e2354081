import { dtypeName } from '../../../dtype.js'
import type { Launch, MapLaunch, Operand, OpLaunch, ReduceLaunch } from '../../../schedule/program.js'
import { FLOATS } from '../gpu-overrides.js'
import { divisibleTake } from './divisible-take.js'
import { shiftIndices } from './shift-indices.js'
import { slicedAlong } from './sliced-along.js'

/** A launch that can be run in pieces, in any order. */
export interface Divisible {
  /** The axes that it can be cut along. */
  readonly extents: readonly number[]
  /** The launch for a box of these axes. */
  piece(starts: readonly number[], lengths: readonly number[]): Launch
}

/** How a launch (without an epilogue) is cut; null where it is not known to be possible. */
export function divisible(launch: Launch): Divisible | null {
  if (launch.kind === 'map') return divisibleMap(launch)
  if (launch.kind === 'reduce') return divisibleReduce(launch)
  if (launch.kind !== 'op') return null
  if (launch.record.name === 'matmul') return divisibleMatmul(launch)
  return launch.record.name === 'take' ? divisibleTake(launch) : null
}

/** Along all axes: every element is by itself. */
function divisibleMap(launch: MapLaunch): Divisible {
  return {
    extents: launch.shape,
    piece: (starts, lengths) => ({
      ...launch,
      shape: lengths,
      inputs: launch.inputs.map((operand) => slicedAlong(operand, starts, lengths)),
      outputs: launch.outputs.map((operand) => slicedAlong(operand, starts, lengths)),
      expressions: shiftIndices(launch.expressions, starts),
    }),
  }
}

/** Along the axes of the output. */
function divisibleReduce(launch: ReduceLaunch): Divisible {
  const kept = launch.shape.length - launch.reduced
  return {
    extents: launch.shape.slice(0, kept),
    piece: (starts, lengths) => ({
      ...launch,
      shape: [...lengths, ...launch.shape.slice(kept)],
      inputs: launch.inputs.map((operand) => slicedAlong(operand, starts, lengths)),
      output: slicedAlong(launch.output, starts, lengths),
      expression: shiftIndices([launch.expression], starts)[0] as ReduceLaunch['expression'],
    }),
  }
}

/** Along batch axes, rows and columns of C [.., M, N]. The naive kernel, for what is no float, writes whole matrices only. */
function divisibleMatmul(launch: OpLaunch): Divisible | null {
  const [a, b] = launch.inputs as [Operand, Operand]
  const [c] = launch.outputs as [Operand]
  if (![a, b, c].every(({ dtype }) => FLOATS.has(dtypeName(dtype))) || a.view.shape.at(-1) === 0) return null
  const axis = c.view.shape.length - 2
  return {
    extents: c.view.shape,
    piece(starts, lengths) {
      const [rows, columns] = [axis, axis + 1].map((at) => [starts[at] as number, lengths[at] as number] as const)
      const batch = [starts.slice(0, axis), lengths.slice(0, axis)] as const
      const cut = (operand: Operand, row: readonly [number, number], column: readonly [number, number]): Operand =>
        slicedAlong(operand, [...batch[0], row[0], column[0]], [...batch[1], row[1], column[1]])
      const depth = [0, a.view.shape.at(-1) as number] as const
      return {
        ...launch,
        inputs: [cut(a, rows as [number, number], depth), cut(b, depth, columns as [number, number])],
        outputs: [slicedAlong(c, starts, lengths)],
      }
    },
  }
}
