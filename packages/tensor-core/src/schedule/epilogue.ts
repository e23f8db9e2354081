import { contiguousView, isContiguous, type View } from '../view.js'
import type { Launch, MapLaunch, Operand, OpLaunch, ReduceLaunch } from './program.js'

/** How an operand of an epilogue moves with the elements of the output. */
export type EpilogueReach = 'element' | 'column' | 'one'

/** `element`: its own place, `column`: the same in every row, `one`: a single value; null for everything else. */
export function epilogueReach(view: View): EpilogueReach | null {
  const { shape, strides } = view
  const moves = shape.map((extent, axis) => (extent === 1 ? 0 : (strides[axis] as number)))
  if (moves.every((stride) => stride === 0)) return 'one'
  if (isContiguous({ ...view, offset: 0 })) return 'element'
  return moves.at(-1) === 1 && moves.slice(0, -1).every((stride) => stride === 0) ? 'column' : null
}

/** A launch's inputs without those of its epilogue. */
export function ownInputs(launch: Launch): readonly Operand[] {
  const { inputs } = launch
  return 'epilogue' in launch && launch.epilogue ? inputs.slice(0, launch.epilogue.from) : inputs
}

export function withoutEpilogue<L extends ReduceLaunch | OpLaunch>(launch: L): L {
  return launch.epilogue ? { ...launch, inputs: ownInputs(launch), epilogue: undefined } : launch
}

/** The epilogue as a launch of its own, over the output where it stands. */
export function epilogueMap(launch: ReduceLaunch | OpLaunch): MapLaunch | null {
  if (!launch.epilogue) return null
  const { expression, from } = launch.epilogue
  const output = launch.kind === 'reduce' ? launch.output : (launch.outputs[0] as Operand)
  return {
    kind: 'map',
    label: launch.label,
    shape: output.view.shape,
    inputs: [output, ...launch.inputs.slice(from)],
    expressions: [expression],
    outputs: [output],
  }
}

/** The view with another shape of as many elements, in the same order; null where it reaches its elements otherwise. */
export function reshapedReach(view: View, shape: readonly number[]): View | null {
  const reach = epilogueReach(view)
  if (reach === null || (reach === 'column' && shape.at(-1) !== view.shape.at(-1))) return null
  const { strides } = contiguousView(shape)
  const kept = { one: () => 0, column: (axis: number) => (axis === shape.length - 1 ? 1 : 0), element: undefined }[
    reach
  ]
  return { shape, strides: kept ? shape.map((_, axis) => kept(axis)) : strides, offset: view.offset }
}
