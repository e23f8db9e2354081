import type { DType } from '../../dtype.js'
import type { Launch, Operand } from '../../schedule/program.js'

/** Ops that only add, by name: the inputs that they add up, to outputs of the same dtype. */
const ADDED: Readonly<Record<string, readonly number[]>> = { cumsum: [0], scatterAdd: [0, 2], segmentSum: [0] }

const UNSIGNED: Readonly<Record<string, 'uint32' | 'uint8'>> = { int32: 'uint32', int8: 'uint8' }

const unsigned = <O extends { readonly dtype: DType }>(operand: O): O => ({
  ...operand,
  dtype: UNSIGNED[operand.dtype as string] ?? operand.dtype,
})

/** A launch that only adds integers, as one that adds unsigned ones: the bits are the same, and so is the kernel. */
export function unsignedSums(launch: Launch): Launch {
  if ((launch.kind !== 'op' && launch.kind !== 'reduce') || launch.epilogue) return launch
  if (launch.kind === 'op') {
    const added = ADDED[launch.record.name]
    if (!added) return launch
    const inputs = launch.inputs.map((operand, i) => (added.includes(i) ? unsigned(operand) : operand))
    return { ...launch, inputs, outputs: launch.outputs.map(unsigned) }
  }
  const { combine, expression, inputs, output } = launch
  const plain = expression.kind === 'input' && (inputs[0] as Operand).dtype === output.dtype
  if (combine !== 'sum' || !plain) return launch
  return { ...launch, inputs: inputs.map(unsigned), expression: unsigned(expression), output: unsigned(output) }
}
